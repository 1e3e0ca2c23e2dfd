//! Who calls, and what they may do.
//!
//! A caller shows a certificate (mutual TLS) and a token bound to it (RFC 8705). [`authenticate()`] judges both against the
//! register on every request and yields an [`Access`]; [`Access::permit`] turns one [`Permission`] into a [`Scope`], and a
//! `Scope` is what every read of the store asks for. Neither can be made in another way, so a query nobody was allowed to make
//! does not compile.
//!
//! Everything here is pure verification and signing: no IO, no clock, no async. The moment is an argument. Chance is an
//! argument too, with one exception that cannot be avoided: aws-lc draws its own randomness inside ECDSA signing and key
//! generation ([`keys`]).
//!
//! Start with [`authenticate()`]; then [`peer`] (the certificate), [`token`] (the token), [`permission`] (the matrix), [`access`]
//! (what comes out). [`sign`] makes receipts, [`webhook`] signs what is sent to endpoints, [`secret`] derives the citizen's look-up secret, [`keys`]
//! holds the signing keys.

pub mod access;
mod authenticate;
pub mod keys;
pub mod peer;
pub mod permission;
pub mod secret;
pub mod sign;
pub mod token;
pub mod token_request;
mod unfit;
pub mod webhook;

pub use access::{Access, Reach, Scope};
pub use authenticate::{Gate, authenticate};
pub use permission::{Permission, Permissions};

#[cfg(test)]
mod tests;
