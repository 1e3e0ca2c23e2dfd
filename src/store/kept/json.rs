//! A value that is kept as JSON, and read when somebody asks for it.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// A value as it is kept.
pub struct Json<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Json<T> {
    /// A value as it will be kept.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub fn of(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Json::kept(serde_json::to_string(value)?))
    }

    pub(in crate::store) fn kept(text: String) -> Self {
        Json {
            text,
            of: PhantomData,
        }
    }

    /// The value.
    ///
    /// # Errors
    /// When what is kept is none of its kind: it is damaged.
    pub fn read(&self) -> Result<T, StoreError> {
        serde_json::from_str(&self.text).map_err(|e| StoreError::Corrupt(e.to_string()))
    }

    pub(in crate::store) fn text(&self) -> &str {
        &self.text
    }
}

impl<T> Clone for Json<T> {
    fn clone(&self) -> Self {
        Json {
            text: self.text.clone(),
            of: PhantomData,
        }
    }
}

impl<T> PartialEq for Json<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Json<T> {}

impl<T> Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
