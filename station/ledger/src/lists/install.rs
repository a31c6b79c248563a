//! Taking a package: checked whole, made ready beside what is in force, then switched to in a moment.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::{MutexGuard, PoisonError};

use gatepost_pipeline::judge::HoldKind;
use gatepost_pipeline::record::WallMs;

use super::file::{self, Body, Claims, Form, Sink, Stream, read_lines};
use super::index::{IndexState, Package, Reload};
use super::line::{HoldLine, Line, LineError, LineParser, ListKind};
use super::{ListError, Lists, Place, local_issuer};
use crate::disk;
use crate::key::StationKey;
use crate::limits;

impl Lists {
    /// Takes a package that came as bytes. See [`Self::install`].
    ///
    /// # Errors
    /// [`ListError`]; nothing of it counts then.
    pub fn install_bytes(&self, package: &[u8], now: Option<WallMs>) -> Result<Claims, ListError> {
        let _alone = self.alone();
        let incoming = disk::join(&self.folder, "incoming");
        disk::replace(self.disk.as_ref(), &incoming, package)?;
        self.take(&incoming, now)
    }

    /// Takes the package in the file `path` of the same disk, which is moved or removed.
    ///
    /// # Errors
    /// [`ListError`]; nothing of it counts then.
    pub fn install(&self, path: &str, now: Option<WallMs>) -> Result<Claims, ListError> {
        let _alone = self.alone();
        self.take(path, now)
    }

    /// Until it is dropped nobody else takes a list.
    fn alone(&self) -> MutexGuard<'_, ()> {
        // Whoever failed left at most a file that is not in force.
        self.taking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, path: &str, now: Option<WallMs>) -> Result<Claims, ListError> {
        let checked = self.check(path, now);
        if checked.is_err() {
            disk::remove_if_there(self.disk.as_ref(), path)?;
        }
        let claims = checked?;
        let package = Package::new(claims.clone());
        self.disk.rename(path, &disk::join(&self.folder, &package.file))?;
        self.disk.sync_dir(&self.folder)?;
        if disk::split(path).0 != self.folder {
            self.disk.sync_dir(disk::split(path).0)?;
        }
        let what = match claims.form {
            Form::Delta => Reload::Added(claims.kind),
            Form::Snapshot => Reload::Whole(claims.kind),
        };
        // An index that answers goes on with the list before; one that does not has nothing to lose.
        if let Err(why) = self.index.prepare(&package)
            && self.index.state() == IndexState::Ready
        {
            disk::remove_if_there(self.disk.as_ref(), &disk::join(&self.folder, &package.file))?;
            return Err(ListError::NotReady(why));
        }
        let _switching = self.switching.write().unwrap_or_else(PoisonError::into_inner);
        self.force.add(&self.disk, &self.folder, package)?;
        self.index.reload(what)?;
        Ok(claims)
    }

    fn check(&self, path: &str, now: Option<WallMs>) -> Result<Claims, ListError> {
        let mut stream = BufReader::new(Stream::open(&self.disk, path)?);
        let mut first = Vec::new();
        let most = limits::LIST_HEADER_BYTES_MAX as u64;
        stream.by_ref().take(most).read_until(b'\n', &mut first).map_err(|error| read_error(path, &error))?;
        let claims = file::read_first_line(&first, &self.trust.keys)?;
        let station = &self.trust.station;
        if !claims.audience.iter().any(|name| name == "*" || name == station) {
            return Err(ListError::OtherStation { audience: claims.audience, station: station.clone() });
        }
        if let Some(WallMs(now)) = now
            && !(claims.not_before..=claims.expires).contains(&now)
        {
            let (not_before, expires) = (claims.not_before, claims.expires);
            return Err(ListError::Dates { not_before, expires, now });
        }
        self.force.may_follow(&claims)?;
        let mut parser = LineParser::new(claims.kind, claims.form == Form::Delta);
        let name = format!("list {} of {}", claims.version, claims.issuer);
        let body = read_lines(&mut stream, &name, 2, &mut parser, &mut |_, _| Ok(()))?;
        if body.digest != claims.digest || body.lines != claims.lines {
            return Err(ListError::Body);
        }
        Ok(claims)
    }

    /// Takes a file of holds from outside (a memory stick) as the station's own: every line must be a local hold that
    /// ends. Replaces the local holds there were, or adds to them where `form` is a delta.
    ///
    /// # Errors
    /// [`ListError::Line`] with file, line and remedy at the first bad line.
    pub fn import_local(
        &self,
        key: &StationKey,
        from: &mut (impl BufRead + Seek),
        name: &str,
        form: Form,
        now: WallMs,
    ) -> Result<Claims, ListError> {
        let _alone = self.alone();
        let start = from.stream_position().map_err(|error| read_error(name, &error))?;
        let mut until_max = now.0;
        let mut parser = LineParser::new(ListKind::Holds, form == Form::Delta);
        let mut number = 0;
        let body = read_lines(from, name, 1, &mut parser, &mut |_, line| {
            number += 1;
            let Some(Line::Hold(line)) = line else { return Ok(()) };
            let place = Place { file: name.to_owned(), line: number };
            until_max = until_max.max(local(&line, now).map_err(|error| ListError::Line { place, error })?);
            Ok(())
        })?;
        from.seek(SeekFrom::Start(start)).map_err(|error| read_error(name, &error))?;
        let claims = self.local_claims(form, body, now, until_max);
        let incoming = disk::join(&self.folder, "incoming");
        let mut sink = Sink::create(&self.disk, &incoming)?;
        sink.write_all(&file::first_line(key, &claims)).map_err(|error| read_error(name, &error))?;
        io::copy(from, &mut sink).map_err(|error| read_error(name, &error))?;
        sink.finish()?;
        self.take(&incoming, Some(now))
    }

    fn local_claims(&self, form: Form, body: Body, now: WallMs, expires: i64) -> Claims {
        let issuer = local_issuer(&self.trust.station);
        let version = self.force.version(ListKind::Holds, &issuer).map_or(1, |version| version + 1);
        // The first change to no list at all is a whole list.
        let form = if version == 1 { Form::Snapshot } else { form };
        let (kind, audience) = (ListKind::Holds, vec![self.trust.station.clone()]);
        let (lines, digest) = (body.lines, body.digest);
        Claims { kind, form, issuer, audience, version, not_before: now.0, expires, lines, digest }
    }
}

/// A local entry escalates and expires; when it expires.
fn local(line: &HoldLine, now: WallMs) -> Result<i64, LineError> {
    if line.hold.kind != HoldKind::Local {
        return Err(LineError::new("a hold entered at the station must be of kind \"local\"", "write kind \"local\""));
    }
    match line.until {
        Some(until) if until > now.0 => Ok(until),
        Some(_) => Err(LineError::new("the hold has ended already", "take the line out, or give a later end")),
        None => Err(LineError::new("a hold entered at the station must end", "give \"until\"")),
    }
}

fn read_error(name: &str, error: &io::Error) -> ListError {
    ListError::Read { place: Place { file: name.to_owned(), line: 0 }, what: error.to_string() }
}
