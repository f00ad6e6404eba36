use super::*;

fn cutter(max_messages: u32, preferred_bytes: u32) -> Cutter {
    Cutter::new(CutRules { max_messages, preferred_bytes, max_bytes: 100, timeout: 50 })
}

fn sizes(batches: &[Vec<Vec<u8>>]) -> Vec<Vec<usize>> {
    batches.iter().map(|batch| batch.iter().map(Vec::len).collect()).collect()
}

#[test]
fn cuts_on_count() {
    let mut cutter = cutter(3, 100);
    assert!(cutter.push(vec![0; 1], Millis(0)).is_empty());
    assert!(cutter.push(vec![0; 2], Millis(0)).is_empty());
    assert_eq!(sizes(&cutter.push(vec![0; 3], Millis(0))), [[1, 2, 3]]);
    assert_eq!((cutter.cut(), cutter.deadline()), (None, None));
}

#[test]
fn cuts_on_bytes() {
    let mut cutter = cutter(9, 10);
    assert!(cutter.push(vec![0; 6], Millis(0)).is_empty());
    assert!(cutter.push(vec![0; 4], Millis(0)).is_empty(), "ten bytes are not more than ten");
    assert_eq!(sizes(&cutter.push(vec![0; 1], Millis(0))), [[6, 4]]);
    // One that is too large by itself sends off what waits and goes alone.
    assert_eq!(sizes(&cutter.push(vec![0; 11], Millis(0))), [vec![1], vec![11]]);
    assert_eq!(sizes(&cutter.push(vec![0; 11], Millis(0))), [[11]]);
    assert_eq!(cutter.cut(), None);
}

/// The clock starts with the first that waits and not with a later one.
#[test]
fn the_timeout_counts_from_the_first() {
    let mut cutter = cutter(9, 10);
    assert_eq!(cutter.deadline(), None);
    cutter.push(vec![0; 1], Millis(7));
    cutter.push(vec![0; 1], Millis(30));
    assert_eq!(cutter.deadline(), Some(Millis(57)));
    cutter.push(vec![0; 9], Millis(40));
    assert_eq!(cutter.deadline(), Some(Millis(90)));
    assert_eq!(cutter.cut().map(|batch| batch.len()), Some(1));
    assert_eq!(cutter.deadline(), None);
}

/// A block could not be kept: what waited waits on, in front, with its bytes and its time; the last can be taken back.
#[test]
fn what_could_not_be_sealed_waits_again() {
    let mut cutter = cutter(9, 10);
    cutter.push(vec![0; 4], Millis(7));
    cutter.push(vec![0; 5], Millis(8));
    let (deadline, batch) = (cutter.deadline(), cutter.cut().unwrap());
    cutter.restore(batch, deadline);
    cutter.drop_last();
    assert_eq!((cutter.bytes, cutter.deadline()), (4, Some(Millis(57))));
    assert!(cutter.push(vec![0; 6], Millis(9)).is_empty());
    assert_eq!(sizes(&cutter.push(vec![0; 1], Millis(9))), [[4, 6]]);
    cutter.restore(vec![vec![0; 2]], Some(Millis(20)));
    assert_eq!((cutter.bytes, cutter.deadline()), (3, Some(Millis(20))));
    cutter.drop_last();
    assert_eq!(sizes(&cutter.cut().into_iter().collect::<Vec<_>>()), [[2]]);
    cutter.restore(vec![vec![0; 2]], Some(Millis(20)));
    cutter.drop_last();
    assert_eq!((cutter.bytes, cutter.deadline(), cutter.cut()), (0, None, None));
}
