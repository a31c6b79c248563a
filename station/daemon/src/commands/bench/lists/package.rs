//! Signed lists of any length, as central would send them.

use std::io::Write;
use std::ops::Range;
use std::path::Path;

use gatepost_hardware::units::{Grams, WallMs};
use gatepost_ledger::chain::Digest;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::line::DeclarationLine;
use gatepost_ledger::lists::{Claims, Form, ListKind, file};
use gatepost_ledger::sealed::{ReceivingKey, SealError, Sealed};
use gatepost_pipeline::judge::{Aed, Category, ContentTag, Country, Declaration, Declared, MailClass, Source, Token};

pub(super) const ISSUER: &str = "central";
pub(super) const DAY_MS: i64 = 86_400_000;

/// Number `at` of a list; holds and declarations are of the same items as far as both go.
pub(super) fn item(at: u64) -> String {
    format!("RR{at:09}GB")
}

/// Makes lines.
pub(super) struct Lines {
    /// Names, addresses and words of a declaration, sealed. One for all: an index does not open it.
    personal: Sealed,
}

impl Lines {
    /// # Errors
    /// When there is no randomness.
    pub(super) fn new() -> Result<Self, SealError> {
        let words = r#"{"sender":{"name":"A. Sender","address":"1 Any Street, Anytown"},"recipient":{"name":"B. Recipient","address":"2 Other Street, Othertown 00000"},"contents":"cotton shirts, used"}"#;
        let sealed = ReceivingKey::from_seed(&[5; 32]).public().seal("", words.as_bytes())?;
        Ok(Self { personal: sealed })
    }

    fn line(&self, kind: ListKind, at: u64) -> String {
        let item = item(at);
        match kind {
            ListKind::Holds => format!(
                "{{\"item\":\"{item}\",\"hold\":{{\"id\":\"H{at}\",\"kind\":\"entity\",\"issue\":\"targeting\",\"purpose\":\"security\",\
                 \"severity\":\"alert\",\"outcome\":\"exam\",\"authority\":\"bench\",\"audience\":\"all\"}}}}\n"
            ),
            ListKind::Declarations => {
                let declaration = Declaration {
                    category: Some(Category::SaleOfGoods),
                    value_cents: Some(100 + (at % 100_000) as i64),
                    weight_g: Some(Grams(50 + (at % 20_000) as i64)),
                    pieces: Some(1),
                    origin: Country::new("GB"),
                    contents: [ContentTag::Clothing].into(),
                    ..Declaration::of(Source::Aed)
                };
                let line = DeclarationLine {
                    item: Token::clipped(&item),
                    aed: Aed::Complete,
                    declared: Declared { aed: Some(declaration), entry: None, post: None },
                    mail_class: Some(MailClass::Parcel),
                    trusted_shipper: false,
                    personal: Some(self.personal.clone()),
                };
                // A struct of text and integers always serialises; a line without a hold would be refused.
                serde_json::to_string(&line).unwrap_or_default() + "\n"
            }
        }
    }

    /// A signed list of these items; in two passes, for its first line says what follows.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn write(
        &self,
        path: &Path,
        key: &StationKey,
        (kind, form, version): (ListKind, Form, u64),
        items: Range<u64>,
        now: WallMs,
    ) -> std::io::Result<()> {
        let mut hasher = blake3::Hasher::new();
        for at in items.clone() {
            hasher.update(self.line(kind, at).as_bytes());
        }
        let claims = Claims {
            kind,
            form,
            issuer: ISSUER.to_owned(),
            audience: vec!["*".to_owned()],
            version,
            not_before: now.0,
            expires: now.0 + DAY_MS,
            lines: items.end - items.start,
            digest: Digest(*hasher.finalize().as_bytes()),
        };
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        file.write_all(&file::first_line(key, &claims))?;
        items.into_iter().try_for_each(|at| file.write_all(self.line(kind, at).as_bytes()))?;
        file.flush()
    }
}
