//! Shares one record of hospital A with hospital B, with the patient's consent on the ledger:
//! `cargo run --release --example share_a_record`.

use phi_pre::flow::{Consent, Consortium, EmrFile, Handset, Store, introduce};
use phi_pre::pre::{Params, Seed};
use phi_pre::time::Millis;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::time::SystemTime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // With a fixed seed, all runs print the same. A deployment takes the seed from the operating system.
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let dir = tempfile::tempdir()?;
    let now = Millis::from(SystemTime::now());
    let seconds = now.seconds();

    // Figure 2: a consortium of three organisations. Each participant registers with a code that is sent to a phone.
    let mut phone = Handset::new("+82 10 5550 0100")?;
    let organisations = ["node of A", "node of B", "node of the users"];
    let params = Params::new(Seed::random(rng));
    let mut world = Consortium::create(&dir.path().join("ledger"), &organisations, params, &mut phone, seconds, rng)?;
    let mut patient = world.register_user(&mut phone, seconds, rng)?;
    let mut a = world.register_hospital("A", &dir.path().join("a"), &mut phone, seconds, rng)?;
    let b = world.register_hospital("B", &dir.path().join("b"), &mut phone, seconds, rng)?;
    let store = Store::local(&dir.path().join("cloud"))?;
    let cloud = world.register_cloud("cloud", store, &mut phone, seconds, rng)?;
    introduce(&mut patient, &mut a, &world.msp, seconds, rng)?;

    // Figure 3: hospital A encrypts, the patient checks and confirms, the record is written to the ledger, and the
    // cloud stores the envelope.
    let file = dir.path().join("note.txt");
    std::fs::write(&file, "Penicillin: anaphylaxis, 2019.")?;
    let draft = a.admit(patient.id()?, &mut EmrFile::open(&file)?, "note.txt", rng)?;
    let identifier = patient.check(a.certificate(), draft.alert())?;
    let record = draft.alert().record;
    patient.confirm(&mut world.network, record, now, rng)?;
    a.record(&mut world.network, &draft, &identifier, now, rng)?;
    a.upload(&world.network, &[&cloud], &draft, now)?;
    println!("recorded   {record}");

    // Figure 4: the patient consents, the cloud re-encrypts without decrypting, and hospital B decrypts and confirms.
    let to_b = world.member(b.certificate(), seconds)?;
    let to_cloud = world.member(cloud.certificate(), seconds)?;
    let (_, grant) = patient.share(&mut world.network, record, &Consent::new(&to_b, &to_cloud), now, rng)?;
    cloud.reencrypt(&world.network, &grant, now, rng)?;
    let received = b.receive(&world.network, &[&cloud], &grant, &dir.path().join("received"), now)?;
    b.complete(&mut world.network, &received, now, rng)?;
    println!("shared     {}", grant.request);
    println!("B reads    {}", std::fs::read_to_string(received.path)?);
    Ok(())
}
