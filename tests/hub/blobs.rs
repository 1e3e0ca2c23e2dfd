//! Attachments: one contract for the folder and the bucket, and the verbs over them on both databases.

mod contract;
mod verbs;
