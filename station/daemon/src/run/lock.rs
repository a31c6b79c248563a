//! One at a time in a data folder: the running station, or a command that changes its memory. Apart because both must
//! mean the same lock.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::config::ConfigError;

const NAME: &str = "station.lock";

/// Holds the data folder, which is made when it is not there, until the answer is dropped.
pub(crate) fn hold(data: &Path) -> Result<File, ConfigError> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let shown = data.display();
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|error| {
        ConfigError(format!("{shown}: the data folder cannot be made ({error}); check station.data and its owner"))
    })?;
    let path = data.join(NAME);
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| {
        ConfigError(format!("{}: cannot be opened ({error}); run as the station's user", path.display()))
    })?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        ConfigError(format!(
            "{shown}: in use by a running station or another command; stop it first (systemctl stop gatepost)"
        ))
    })?;
    Ok(file)
}

/// Whether somebody holds the folder now.
pub(crate) fn is_held(data: &Path) -> bool {
    let Ok(file) = File::open(data.join(NAME)) else { return false };
    flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}
