//! The clouds of the demo: how many there are, how many re-encrypt together, and which of them lie or are down.

use crate::output::Failure;
use phi_pre::contract::RecordId;
use phi_pre::flow::{Cloud, Delivery};
use phi_pre::identity::MemberId;
use phi_pre::wire::Wire;
use std::fs;
use std::path::{Path, PathBuf};

/// The options of the command about keys and clouds. The clouds are numbered from 1.
#[derive(Clone, Debug)]
pub struct Setting {
    /// n, the number of clouds.
    pub clouds: u8,
    /// t, the number of clouds that must re-encrypt together.
    pub threshold: u8,
    /// The clouds that deliver C in the place of C'.
    pub lie: Vec<u8>,
    /// The clouds that do not re-encrypt.
    pub down: Vec<u8>,
    /// Whether hospital A encrypts under keys by name.
    pub named: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self { clouds: 1, threshold: 1, lie: Vec::new(), down: Vec::new(), named: false }
    }
}

impl Setting {
    /// Checks the numbers, and that enough clouds deliver the right C'.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let Self { clouds, threshold, lie, down, named: _ } = self;
        if !(1 <= *threshold && threshold <= clouds && *clouds <= 16) {
            return Err(format!("{threshold} of {clouds} clouds: 1 <= threshold <= clouds <= 16 is needed").into());
        }
        if let Some(none) = lie.iter().chain(down).find(|number| !(1..=*clouds).contains(number)) {
            return Err(format!("there is no cloud {none} among {clouds}").into());
        }
        let left = (1..=*clouds).filter(|number| !lie.contains(number) && !down.contains(number)).count();
        if left < usize::from(*threshold) {
            return Err(format!("{threshold} clouds are needed, and only {left} neither lie nor are down").into());
        }
        Ok(())
    }

    /// The numbers of the clouds, in the order of the list.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u8> + use<> {
        1..=self.clouds
    }

    /// The name of a cloud in the report, which is also the name of the folder of its store.
    pub(super) fn name(&self, number: u8) -> String {
        if self.clouds == 1 { "cloud".to_owned() } else { format!("cloud-{number}") }
    }

    /// All clouds in the order in which hospital B asks them: first those that lie or are down.
    pub(super) fn asked<'a>(&self, clouds: &'a [Cloud]) -> Vec<&'a Cloud> {
        let mut asked: Vec<_> = self.numbers().zip(clouds).collect();
        asked.sort_by_key(|(number, _)| !(self.lie.contains(number) || self.down.contains(number)));
        asked.into_iter().map(|(_, cloud)| cloud).collect()
    }
}

/// A stored delivery of a cloud in which C takes the place of C', as if the capsule was not re-encrypted.
/// [`restore`](Self::restore) writes the old content again.
pub(super) struct Falsified {
    path: PathBuf,
    before: Vec<u8>,
}

impl Falsified {
    pub(super) fn new(store: &Path, record: RecordId, recipient: MemberId) -> Result<Self, Failure> {
        let path = store.join("deliveries").join(format!("{record}-{recipient}"));
        let before = fs::read(&path)?;
        let mut delivery = Delivery::from_bytes(&before)?;
        delivery.c_prime = *delivery.upload.content.header.capsule.c();
        fs::write(&path, delivery.to_bytes())?;
        Ok(Self { path, before })
    }

    pub(super) fn restore(self) -> Result<(), Failure> {
        Ok(fs::write(self.path, self.before)?)
    }
}
