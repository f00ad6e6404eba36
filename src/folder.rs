//! Folders whose entries survive a loss of power.

use std::fs::File;
use std::io;
use std::path::Path;

/// Makes all names in a folder durable: those of new files, renamed files and subfolders.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}

/// Makes a folder and its missing parents, and makes all their names durable.
#[cfg(feature = "ledger")]
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let missing = folder.ancestors().take_while(|part| !part.as_os_str().is_empty() && !part.exists()).count();
    std::fs::create_dir_all(folder)?;
    for (nth, above) in folder.ancestors().skip(1).enumerate() {
        match sync(above) {
            // A killed process may have made this parent and not synced it, so it is synced too. But it may belong to
            // another user, so a failure here is ignored.
            Err(_) if nth >= missing => break,
            synced => synced?,
        }
    }
    Ok(())
}
