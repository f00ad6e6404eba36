//! Whose endorsements a transaction needs.
//!
//! Paper: section 3.2, "responds ... by adding the result value and its own signature". The paper leaves open how many
//! endorsers have to; Fabric asks the channel's policy, an n-out-of tree over organisations
//! (common/cauthdsl/cauthdsl.go).
//!
//! ```text
//! satisfied(org)           = an unused signer of org is left, which is then used
//! satisfied(n of p_1..p_m) = at least n of p_1..p_m are satisfied, tried from left to right;
//!                            the signers that a failed branch used are unused again
//! ```
//!
//! As in Fabric, a satisfied branch uses its signers even if n branches before it were satisfied.

use crate::error::DecodeError;
use crate::identity::{Member, MemberId};
use crate::wire::{Reader, Wire, Writer};
use core::fmt;

/// The deepest nesting of a policy.
pub const DEPTH_LIMIT: u32 = 4;
/// The most branches at one node.
pub const BRANCH_LIMIT: u32 = 32;
/// The longest name of an organisation in bytes.
pub const NAME_LIMIT: u32 = 128;

/// A rule over organisations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Policy {
    /// One peer of this organisation.
    Organisation(String),
    /// At least `n` of the branches.
    AtLeast {
        /// How many.
        n: u32,
        /// The branches.
        of: Vec<Policy>,
    },
}

impl Policy {
    /// One peer of `organisation`.
    pub fn organisation(organisation: &str) -> Self {
        Self::Organisation(organisation.to_owned())
    }

    /// At least `n` of these.
    pub const fn at_least(n: u32, of: Vec<Self>) -> Self {
        Self::AtLeast { n, of }
    }

    /// All of these.
    pub fn all(of: Vec<Self>) -> Self {
        Self::AtLeast { n: u32::try_from(of.len()).unwrap_or(u32::MAX), of }
    }

    /// One of these.
    pub const fn any(of: Vec<Self>) -> Self {
        Self::AtLeast { n: 1, of }
    }

    /// More than half of these organisations: Fabric's default, MAJORITY.
    pub fn majority(organisations: &[&str]) -> Self {
        let of: Vec<_> = organisations.iter().map(|name| Self::organisation(name)).collect();
        Self::AtLeast { n: u32::try_from(of.len() / 2 + 1).unwrap_or(u32::MAX), of }
    }

    /// Whether `signers`, each counted once however often it signed, satisfy the policy.
    pub fn satisfied_by(&self, signers: &[Member]) -> bool {
        let mut left: Vec<(MemberId, &str)> =
            signers.iter().map(|member| (member.id, member.organisation.as_str())).collect();
        left.sort_unstable();
        left.dedup_by_key(|(id, _)| *id);
        self.take_from(&mut left)
    }

    /// Removes the signers that satisfy this node from `left`; if they do not, `left` is unchanged.
    fn take_from(&self, left: &mut Vec<(MemberId, &str)>) -> bool {
        match self {
            Self::Organisation(name) => match left.iter().position(|(_, organisation)| organisation == name) {
                Some(signer) => {
                    left.remove(signer);
                    true
                }
                None => false,
            },
            Self::AtLeast { n, of } => {
                let before = left.clone();
                let satisfied = of.iter().filter(|branch| branch.take_from(left)).count();
                let enough = satisfied >= *n as usize;
                if !enough {
                    *left = before;
                }
                enough
            }
        }
    }

    fn read_at(input: &mut Reader<'_>, depth: u32) -> Result<Self, DecodeError> {
        if depth > DEPTH_LIMIT {
            return Err(DecodeError::Limit { what: "depth of a policy", limit: DEPTH_LIMIT.into(), got: depth.into() });
        }
        match input.u8(Self::NAME)? {
            0 => Ok(Self::Organisation(input.text("organisation", NAME_LIMIT)?.to_owned())),
            1 => {
                let n = input.u32("number of branches")?;
                let branches = input.count("branches", BRANCH_LIMIT)?;
                // n = 0 is always satisfied, and n > m never.
                if n == 0 || n as usize > branches {
                    return Err(DecodeError::Limit {
                        what: "number of branches",
                        limit: branches as u64,
                        got: n.into(),
                    });
                }
                let of = (0..branches).map(|_| Self::read_at(input, depth + 1)).collect::<Result<_, _>>()?;
                Ok(Self::AtLeast { n, of })
            }
            got => Err(DecodeError::Unknown { what: Self::NAME, got: got.into() }),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(name) => f.write_str(name),
            Self::AtLeast { n, of } => {
                write!(f, "{n} of (")?;
                for (i, branch) in of.iter().enumerate() {
                    write!(f, "{}{branch}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Wire for Policy {
    const NAME: &'static str = "policy";

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Organisation(name) => {
                out.u8(0).bytes(name.as_bytes());
            }
            Self::AtLeast { n, of } => {
                out.u8(1).u32(*n).list(of);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_at(input, 1)
    }
}

#[cfg(test)]
mod tests;
