//! Folders that are there after a loss of power.

use std::fs::File;
use std::io;
use std::path::Path;

/// The names in a folder are durable from here on: those of new files, renamed ones and folders.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}

/// Makes a folder and those above it where they are missing; all of them are durable from here on.
#[cfg(feature = "ledger")]
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let missing = folder.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).count();
    std::fs::create_dir_all(folder)?;
    for (nth, above) in folder.ancestors().skip(1).enumerate() {
        match sync(above) {
            // A process that was killed may have made it and not synced it; but whose folder it is, is not known.
            Err(_) if nth >= missing => break,
            synced => synced?,
        }
    }
    Ok(())
}
