//! RabbitMQ's management HTTP interface, for what AMQP cannot do: users and their permissions, reading back what exists, ending
//! connections. Optional in production: without it [`Topology::plan`] prints the definitions for somebody else to import.
//!
//! The client is handed in, because one factory makes all outbound clients. A user of RabbitMQ belongs to the whole broker, not
//! to a virtual host: two hubs on one broker must not have an agency of the same key, and a user that somebody else uses too is not
//! given another password.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use crate::domain::codes::Key;
use crate::domain::percent;
use crate::domain::tenant::TenantKey;

use super::check::{self, Difference, Live};
use super::topology::{NOTHING, STATUSES, Topology, User, agency_name, tenant_name};

/// What goes wrong with the management interface.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Its address cannot be used.
    #[error("the management address cannot be used: {0}")]
    Address(String),
    /// It does not answer, or not in JSON.
    #[error("the management interface does not answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// It answered no.
    #[error("the management interface answered {status} to {method} {path}: {reason}")]
    Refused {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// The status.
        status: StatusCode,
        /// Its own words, at most 300 characters.
        reason: String,
    },
    /// The user is somebody else's too. Users belong to the whole broker: a new password would shut the other out.
    #[error(
        "the broker's user {user} also has permissions in {}; users belong to the whole broker, so its password was not \
         changed: give this hub a broker of its own, or take these permissions away (rabbitmqctl clear_permissions)",
        .elsewhere.join(", ")
    )]
    Shared {
        /// Whose name it is.
        user: String,
        /// The other virtual hosts.
        elsewhere: Vec<String>,
    },
}

/// How full a queue is. The figures are up to five seconds old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Waiting.
    pub ready: u64,
    /// In the hands of consumers.
    pub unsettled: u64,
    /// Consumers.
    pub consumers: u64,
}

/// A node of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, `rabbit@host`.
    pub name: String,
    /// The id of its process on its own machine.
    pub pid: Option<u32>,
}

/// A channel that has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// The user of its connection.
    pub user: String,
    /// Whether the broker confirms to it.
    pub confirms: bool,
}

/// A client of the management interface, for one virtual host.
#[derive(Clone)]
pub struct Admin {
    http: reqwest::Client,
    base: Url,
    user: String,
    password: String,
    vhost: String,
}

/// The address without its password.
impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admin({}, vhost {})", self.base, self.vhost)
    }
}

impl Admin {
    /// The management interface at `http[s]://user:password@host:port`, for the virtual host of that name.
    ///
    /// # Errors
    /// [`AdminError::Address`] where the address cannot be read or names no user.
    pub fn new(http: reqwest::Client, url: &str, vhost: &str) -> Result<Self, AdminError> {
        let mut base = Url::parse(url).map_err(|error| AdminError::Address(error.to_string()))?;
        let bad = |reason: &str| AdminError::Address(reason.to_owned());
        let decoded = |text: &str| {
            percent::decoded(text.as_bytes())
                .ok_or_else(|| bad("user or password is not percent-encoded UTF-8"))
        };
        let user = decoded(base.username())?;
        let password = decoded(base.password().unwrap_or_default())?;
        if user.is_empty() || !matches!(base.scheme(), "http" | "https") {
            return Err(bad("it must be http[s]://user:password@host:port"));
        }
        // Kept apart from here on, so that no error that names the address names the password.
        base.set_username("")
            .and_then(|()| base.set_password(None))
            .map_err(|()| bad("it has no host"))?;
        Ok(Admin {
            http,
            base,
            user,
            password,
            vhost: vhost.to_owned(),
        })
    }

    /// The same interface, for another virtual host.
    pub fn for_vhost(&self, vhost: &str) -> Self {
        Admin {
            vhost: vhost.to_owned(),
            ..self.clone()
        }
    }

    async fn call(&self, method: Method, path: &[&str], body: Option<&Value>) -> Result<Value, AdminError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Encodes every segment, `/` of the default virtual host included.
            segments.pop_if_empty().push("api").extend(path);
        }
        let mut request = self
            .http
            .request(method.clone(), url)
            .basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |error: reqwest::Error| AdminError::Unreachable(error.without_url());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            if status == StatusCode::NO_CONTENT || method != Method::GET {
                return Ok(Value::Null);
            }
            return response.json().await.map_err(unreachable);
        }
        let reason = response
            .text()
            .await
            .unwrap_or_default()
            .chars()
            .take(300)
            .collect();
        Err(AdminError::Refused {
            method,
            path: path.join("/"),
            status,
            reason,
        })
    }

    async fn get(&self, path: &[&str]) -> Result<Value, AdminError> {
        self.call(Method::GET, path, None).await
    }

    async fn put(&self, path: &[&str], body: &Value) -> Result<(), AdminError> {
        self.call(Method::PUT, path, Some(body)).await.map(drop)
    }

    /// Deletes; absent is as good as deleted.
    async fn delete(&self, path: &[&str]) -> Result<(), AdminError> {
        match self.call(Method::DELETE, path, None).await {
            Err(AdminError::Refused {
                status: StatusCode::NOT_FOUND,
                ..
            }) => Ok(()),
            result => result.map(drop),
        }
    }

    /// Creates the virtual host, and gives the user of this client every permission in it.
    ///
    /// # Errors
    /// [`AdminError`], as all below.
    pub async fn vhost_create(&self) -> Result<(), AdminError> {
        self.put(&["vhosts", &self.vhost], &json!({})).await?;
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.put(&["permissions", &self.vhost, &self.user], &all).await
    }

    /// Deletes the virtual host and everything in it.
    ///
    /// # Errors
    /// As above.
    pub async fn vhost_delete(&self) -> Result<(), AdminError> {
        self.delete(&["vhosts", &self.vhost]).await
    }

    /// Creates the user of an agency, or gives it a new password, and sets what it may do: read its own queue, and publish
    /// statuses with its own key.
    ///
    /// # Errors
    /// As above.
    pub async fn agency_user_put(&self, key: &Key, password: &str) -> Result<(), AdminError> {
        self.user_put(&User::agency(key), password).await
    }

    /// The same for a submitter with a queue of its own, which may read it and nothing more.
    ///
    /// # Errors
    /// As above.
    pub async fn tenant_user_put(&self, key: &TenantKey, password: &str) -> Result<(), AdminError> {
        self.user_put(&User::tenant(key), password).await
    }

    /// Refuses a user that has permissions in another virtual host. The permissions come first, so that a user that can log in never has fewer limits than planned; an agency's without the
    /// topic permission could publish in another agency's name.
    async fn user_put(&self, user: &User, password: &str) -> Result<(), AdminError> {
        let name = user.name.as_str();
        let elsewhere = self.elsewhere(name).await?;
        if !elsewhere.is_empty() {
            let user = name.to_owned();
            return Err(AdminError::Shared { user, elsewhere });
        }
        if !self.exists(&["users", name]).await? {
            self.put(&["users", name], &json!({"password_hash": "", "tags": ""}))
                .await?;
        }
        if let Some(write) = &user.topic_write {
            let topic = json!({"exchange": STATUSES, "write": write, "read": NOTHING});
            self.put(&["topic-permissions", &self.vhost, name], &topic)
                .await?;
        }
        let permissions = json!({"configure": user.configure, "write": user.write, "read": user.read});
        self.put(&["permissions", &self.vhost, name], &permissions)
            .await?;
        self.put(&["users", name], &json!({"password": password, "tags": ""}))
            .await
    }

    /// The other virtual hosts a user has permissions in.
    async fn elsewhere(&self, user: &str) -> Result<Vec<String>, AdminError> {
        let permissions = match self.get(&["users", user, "permissions"]).await {
            Err(AdminError::Refused {
                status: StatusCode::NOT_FOUND,
                ..
            }) => return Ok(Vec::new()),
            permissions => permissions?,
        };
        let vhosts = permissions.as_array().into_iter().flatten();
        let named = vhosts.filter_map(|row| row["vhost"].as_str());
        Ok(named
            .filter(|vhost| *vhost != self.vhost)
            .map(str::to_owned)
            .collect())
    }

    /// Deletes the user of a submitter; its connections end.
    ///
    /// # Errors
    /// As above.
    pub async fn tenant_user_delete(&self, key: &TenantKey) -> Result<(), AdminError> {
        self.delete(&["users", &tenant_name(key)]).await
    }

    /// Deletes the user of an agency; its connections end.
    ///
    /// # Errors
    /// As above.
    pub async fn agency_user_delete(&self, key: &Key) -> Result<(), AdminError> {
        self.delete(&["users", &agency_name(key)]).await
    }

    async fn exists(&self, path: &[&str]) -> Result<bool, AdminError> {
        match self.get(path).await {
            Ok(_) => Ok(true),
            Err(AdminError::Refused {
                status: StatusCode::NOT_FOUND,
                ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a queue with what is in it.
    ///
    /// # Errors
    /// As above.
    pub async fn queue_delete(&self, name: &str) -> Result<(), AdminError> {
        self.delete(&["queues", &self.vhost, name]).await
    }

    /// How full each queue is.
    ///
    /// # Errors
    /// As above.
    pub async fn queue_depths(&self) -> Result<BTreeMap<String, Depth>, AdminError> {
        let queues = self.get(&["queues", &self.vhost]).await?;
        let number = |queue: &Value, field: &str| queue[field].as_u64().unwrap_or_default();
        let named = |queue: &Value| {
            let depth = Depth {
                ready: number(queue, "messages_ready"),
                unsettled: number(queue, "messages_unacknowledged"),
                consumers: number(queue, "consumers"),
            };
            Some((queue["name"].as_str()?.to_owned(), depth))
        };
        Ok(queues
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(named)
            .collect())
    }

    /// The version of RabbitMQ.
    ///
    /// # Errors
    /// As above.
    pub async fn version(&self) -> Result<String, AdminError> {
        let overview = self.get(&["overview"]).await?;
        Ok(overview["rabbitmq_version"].as_str().unwrap_or("?").to_owned())
    }

    /// The nodes of the broker.
    ///
    /// # Errors
    /// As above.
    pub async fn nodes(&self) -> Result<Vec<Node>, AdminError> {
        let nodes = self.get(&["nodes"]).await?;
        let node = |node: &Value| {
            Some(Node {
                name: node["name"].as_str()?.to_owned(),
                pid: node["os_pid"].as_str().and_then(|pid| pid.parse().ok()),
            })
        };
        Ok(nodes.as_array().into_iter().flatten().filter_map(node).collect())
    }

    /// The open channels of the virtual host that have published. One that began within the last five seconds may be missing.
    ///
    /// # Errors
    /// As above.
    pub async fn publishers(&self) -> Result<Vec<Publisher>, AdminError> {
        let channels = self.get(&["vhosts", &self.vhost, "channels"]).await?;
        let publisher = |channel: &Value| {
            let published = channel["message_stats"]["publish"].as_u64().unwrap_or(0);
            (published > 0).then(|| Publisher {
                user: channel["user"].as_str().unwrap_or_default().to_owned(),
                confirms: channel["confirm"].as_bool().unwrap_or(false),
            })
        };
        Ok(channels
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(publisher)
            .collect())
    }

    /// Ends every connection to the virtual host and returns how many there were. A connection is listed only some seconds
    /// after it was made.
    ///
    /// # Errors
    /// As above.
    pub async fn connections_close(&self) -> Result<usize, AdminError> {
        let connections = self.get(&["vhosts", &self.vhost, "connections"]).await?;
        let mut closed = 0;
        for name in connections
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|c| c["name"].as_str())
        {
            self.delete(&["connections", name]).await?;
            closed += 1;
        }
        Ok(closed)
    }

    /// Imports definitions, as `rabbitmqctl import_definitions` does. What exists is not changed, except users and permissions.
    ///
    /// # Errors
    /// As above.
    pub async fn definitions_import(&self, plan: &Value) -> Result<(), AdminError> {
        self.call(Method::POST, &["definitions"], Some(plan))
            .await
            .map(drop)
    }

    /// Compares what exists with what is planned. A policy that was set within the last five seconds may be missed.
    ///
    /// # Errors
    /// As above.
    pub async fn check(&self, topology: &Topology) -> Result<Vec<Difference>, AdminError> {
        let live = Live {
            exchanges: self.get(&["exchanges", &self.vhost]).await?,
            queues: self.get(&["queues", &self.vhost]).await?,
            bindings: self.get(&["bindings", &self.vhost]).await?,
            permissions: self.get(&["vhosts", &self.vhost, "permissions"]).await?,
            topic_permissions: self.get(&["vhosts", &self.vhost, "topic-permissions"]).await?,
            policies: self.get(&["policies", &self.vhost]).await?,
            operator_policies: self.get(&["operator-policies", &self.vhost]).await?,
            feature_flags: self.get(&["feature-flags"]).await?,
            all_permissions: self.get(&["permissions"]).await?,
        };
        Ok(check::differences(topology, &live, &self.vhost))
    }
}
