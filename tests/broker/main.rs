//! The contract of the broker room, held by both brokers, and what RabbitMQ alone promises.
//!
//! Needs a RabbitMQ named by `LIENTHONG_TEST_AMQP` and `LIENTHONG_TEST_AMQP_ADMIN` (`tests/run` provides one) and fails without.
//! Every test has a virtual host of its own, and agencies with keys of its own, because users belong to the whole broker.

mod contract;
mod log;
mod loss;
mod rabbit;
mod stage;
mod tls;
