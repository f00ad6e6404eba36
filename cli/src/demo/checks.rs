//! The checks at the end of the demo. Each result is computed from the files, the ledger and the participants' keys.

use super::platform::{Chains, Platform};
use super::report::Report;
use super::scene::{Lapsed, Shared, World, named};
use crate::output::Failure;
use phi_pre::contract::{Creator, ShareStatus};
use phi_pre::envelope::{Header, Opener};
use phi_pre::flow::{FlowError, Misbehaviour, files, verify_deliveries};
use phi_pre::pre::{EncryptionKey, ReKey};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

/// The length of a searched piece (a needle), in bytes.
const NEEDLE: usize = 16;

pub(super) fn run<R, L: Platform>(
    world: &World<R, L>,
    shared: &[Shared],
    lapsed: &Lapsed,
    folder: &Path,
    report: &mut Report,
) -> Result<usize, Failure> {
    say!();
    say!("Checks");
    let n = shared.len();
    let mut failed = 0;
    let mut check = |value: bool, what: String| failed += usize::from(!report.check(value, &what));

    let equal = count(shared, |s| same(&s.original, &s.received.path))?;
    check(equal == n, format!("hospital B's bytes equal the originals: {equal} of {n}"));

    let chains = world.consortium.network.chains(&folder.join("ledger"), &world.reader())?;
    let needles = needles(shared)?;
    let sampled = needles.len();
    let stores: Vec<_> = world.setting.numbers().map(|number| folder.join(world.setting.name(number))).collect();
    let in_stores = |needles| stores.iter().try_fold(0, |sum, store| Ok::<_, Failure>(sum + search(needles, store)?));
    let found = in_stores(&needles)?;
    check(found == 0, format!("the cloud's store holds no plaintext: {}", of_samples(found, sampled)));
    let found = search(&needles, &folder.join("ledger"))?;
    check(found == 0, format!("the ledger holds no plaintext: {}", of_samples(found, sampled)));
    let keys = world.keys(shared)?;
    let found = search(&keys, &folder.join("ledger"))? + in_stores(&keys)?;
    check(
        found == 0,
        format!("neither the cloud's store nor the ledger holds a key k_re or k'_e: {}", of_samples(found, keys.len())),
    );

    let Chains { peers, agreed, verified } = chains;
    let height = agreed.unwrap_or_default();
    check(agreed.is_some(), format!("all {peers} peers have the same chain of {height} blocks"));
    check(verified == peers, format!("chains that verify from block 0: {verified} of {peers}"));
    let completed = count(shared, |s| world.completed(s))?;
    check(completed == n, format!("requests that are completed on the ledger: {completed} of {n}"));

    let proved = count(shared, |s| Ok(world.proved(s)))?;
    check(proved == n, format!("re-encryptions that anybody can verify, by proof and ledger: {proved} of {n}"));
    let blamed =
        count(shared, |s| Ok(s.trial.1.as_ref().is_err_and(|e| named(e) == [(s.trial.0, Misbehaviour::Proof)])))?;
    check(blamed == n, format!("a cloud that delivered another C' in a trial was named: {blamed} of {n}"));
    if !world.setting.lie.is_empty() {
        let blamed = count(shared, |s| Ok(world.liars_are_named(s)))?;
        check(blamed == n, format!("{} named as at fault, and nobody else: {blamed} of {n}", world.liars()));
    }
    let (withdrawn, ended) = (&lapsed.withdrawn, &lapsed.ended);
    check(matches!(withdrawn, Err(FlowError::Withdrawn(_))), "a withdrawn consent was refused".to_owned());
    check(matches!(ended, Err(FlowError::Ended(_))), "a consent that has ended was refused".to_owned());

    let refused = count(shared, |s| Ok(world.stranger_is_refused(s)))?;
    check(refused == n, format!("hospital C, without a grant, was refused: {refused} of {n}"));
    let opened = count(shared, |s| world.cloud_opens(s))?;
    check(
        opened == 0,
        format!("the cloud alone opens no record, with k_re and all that it stores: {}", of_tries(opened, n)),
    );
    let crossed = world.crossed_grants(shared)?;
    let pairs = n * n.saturating_sub(1).min(1);
    check(crossed == 0, format!("no record opens by the k_re of another record: {}", of_tries(crossed, pairs)));
    Ok(failed)
}

fn of_samples(found: usize, searched: usize) -> String {
    if found == 0 {
        format!("none of {searched} samples found")
    } else {
        format!("{found} of {searched} samples found")
    }
}

fn of_tries(opened: usize, tried: usize) -> String {
    if opened == 0 { format!("none of {tried} opened") } else { format!("{opened} of {tried} opened") }
}

fn count(shared: &[Shared], mut holds: impl FnMut(&Shared) -> Result<bool, Failure>) -> Result<usize, Failure> {
    shared.iter().try_fold(0, |n, s| Ok(n + usize::from(holds(s)?)))
}

impl<R, L: Platform> World<R, L> {
    /// The first bytes of k_re and k'_e of every grant, as the cloud and hospital B unseal them. No file may hold them.
    fn keys(&self, shared: &[Shared]) -> Result<HashSet<[u8; NEEDLE]>, Failure> {
        let mut keys = HashSet::new();
        for Shared { grant, .. } in shared {
            for cloud in &self.clouds {
                keys.extend(cloud.unseal(grant)?.to_bytes().expose().first_chunk::<NEEDLE>());
            }
            let (k_e_prime, _) = self.b.unseal(grant)?;
            keys.extend(k_e_prime.to_bytes().expose().first_chunk::<NEEDLE>());
        }
        Ok(keys)
    }

    /// Hospital C, who takes part in no grant, reads the ledger for the checks.
    fn reader(&self) -> Creator<'_> {
        self.c.creator()
    }

    fn completed(&self, shared: &Shared) -> Result<bool, Failure> {
        let found = self.consortium.network.share(shared.request, &self.reader())?;
        Ok(found.is_some_and(|found| {
            matches!(found.share.status, ShareStatus::Completed { .. }) && found.share.record == shared.record
        }))
    }

    /// Whether the deliveries of a record verify, without a secret.
    fn proved(&self, shared: &Shared) -> bool {
        let (network, params) = (&self.consortium.network, &self.consortium.params);
        verify_deliveries(network, &self.reader(), params, &shared.grant, &shared.received.deliveries).is_ok()
    }

    /// The names of the clouds that deliver a wrong C', for the report.
    fn liars(&self) -> String {
        let names: Vec<_> = self.setting.lie.iter().map(|number| self.setting.name(*number)).collect();
        format!("{} {}", names.join(", "), if names.len() == 1 { "was" } else { "were" })
    }

    /// Whether the checks of hospital B named each cloud that delivered a wrong C', and no other participant.
    fn liars_are_named(&self, shared: &Shared) -> bool {
        let mut found: Vec<_> = shared.received.refused.iter().flat_map(|(_, error)| named(error)).collect();
        let id = |number: &u8| self.clouds[usize::from(*number) - 1].certificate().subject().id;
        let mut expected: Vec<_> = self.setting.lie.iter().map(|number| (id(number), Misbehaviour::Proof)).collect();
        found.sort_by_key(|(who, _)| *who);
        expected.sort_by_key(|(who, _)| *who);
        found == expected
    }

    /// Whether hospital C was refused the record and cannot unseal the keys of its grant.
    fn stranger_is_refused(&self, shared: &Shared) -> bool {
        matches!(shared.stranger, Err(FlowError::WrongParty(_))) && self.c.unseal(&shared.grant).is_err()
    }

    /// Whether k_re or its inverse, used as k_e, opens the stored envelope or the re-encrypted one.
    fn cloud_opens(&self, shared: &Shared) -> Result<bool, Failure> {
        for cloud in &self.clouds {
            let k_re = cloud.unseal(&shared.grant)?;
            let stored = cloud.header(&self.consortium.network, shared.record)?;
            let headers: [Header; 2] = [stored, stored.reencrypt(&k_re)];
            for key in [&k_re, &k_re.inverse()] {
                let key = EncryptionKey::from_bytes(key.to_bytes().expose())?;
                if headers.iter().any(|header| Opener::new(header, &key).is_ok()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// C5 of paper-notes.md: applies k_re of each record to the next record and counts how often one of hospital B's
    /// keys for the two records opens the result.
    fn crossed_grants(&self, shared: &[Shared]) -> Result<usize, Failure> {
        let mut opened = 0;
        for (one, next) in shared.iter().zip(shared.iter().cycle().skip(1)).filter(|_| shared.len() > 1) {
            let cloud = &self.clouds[0];
            let k_re: ReKey = cloud.unseal(&one.grant)?;
            let header = cloud.header(&self.consortium.network, next.record)?.reencrypt(&k_re);
            for grant in [&one.grant, &next.grant] {
                opened += usize::from(Opener::new(&header, &self.b.unseal(grant)?.0).is_ok());
            }
        }
        Ok(opened)
    }
}

fn same(a: &Path, b: &Path) -> Result<bool, Failure> {
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let n = a.read(&mut left)?;
        if n == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        match b.read_exact(&mut right[..n]) {
            Ok(()) if left[..n] == right[..n] => {}
            Ok(()) => return Ok(false),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(e) => return Err(e.into()),
        }
    }
}

/// About 16 pieces of 16 bytes of each record, at equal distances. A piece of fewer than ten different byte values,
/// such as zeros and a length, can occur in any database and proves nothing, so it is left out. A record shorter than a
/// piece has none.
fn needles(shared: &[Shared]) -> Result<HashSet<[u8; NEEDLE]>, Failure> {
    let mut needles = HashSet::new();
    for Shared { original, .. } in shared {
        let record = fs::read(original)?;
        let step = (record.len() / 16).max(1);
        let pieces = (0..record.len()).step_by(step).filter_map(|at| record[at..].first_chunk::<NEEDLE>());
        needles.extend(pieces.filter(|piece| piece.iter().collect::<HashSet<_>>().len() >= 10));
    }
    Ok(needles)
}

/// Counts the needles that occur in the files below `folder`.
fn search(needles: &HashSet<[u8; NEEDLE]>, folder: &Path) -> Result<usize, Failure> {
    // A table of first two bytes excludes most positions before the look-up in the set.
    let mut begins = vec![false; 1 << 16];
    for [a, b, ..] in needles {
        begins[usize::from(u16::from_be_bytes([*a, *b]))] = true;
    }
    let mut found = HashSet::new();
    for path in files(folder)? {
        let mut file = BufReader::new(File::open(path)?);
        let mut window = Vec::new();
        while (&mut file).take(1 << 20).read_to_end(&mut window)? > 0 {
            for at in 0..window.len().saturating_sub(NEEDLE - 1) {
                if begins[usize::from(u16::from_be_bytes([window[at], window[at + 1]]))]
                    && let Some(piece) = window[at..].first_chunk::<NEEDLE>()
                    && needles.contains(piece)
                {
                    found.insert(*piece);
                }
            }
            window.drain(..window.len().saturating_sub(NEEDLE - 1)); // a needle may span two reads
        }
    }
    Ok(found.len())
}
