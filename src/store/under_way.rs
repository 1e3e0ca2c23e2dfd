//! Which deliveries are under way, as conditions on their rows: the ledger takes what a reader has seen to wait.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;

use super::word::Word;
use crate::domain::view::DeliveryState;

/// The states of a delivery that its agency has not settled, and that is not given up.
pub(super) const UNDER_WAY: [Word<DeliveryState>; 2] =
    [Word(DeliveryState::Waiting), Word(DeliveryState::Queued)];

/// Confirmed by the broker and not taken out of its queue, as far as is known. Written out, because a database uses its index of
/// queued rows only when it sees the words.
pub(super) fn is_in_a_queue() -> SqlLiteral<Bool> {
    sql("deliveries.state = 'queued' AND NOT deliveries.ready")
}

/// Here, and not settled by its agency. Written out, as [`is_in_a_queue`].
pub(super) fn is_to_be_handed_out() -> SqlLiteral<Bool> {
    sql("deliveries.ready AND deliveries.state IN ('waiting', 'queued')")
}

/// Nothing of the same dossier to the same agency is before it and still under way.
macro_rules! is_first_of_its_dossier {
    () => {{
        let earlier = diesel::alias!(deliveries as earlier);
        // A value of its own for each row, as in the lease of notices.
        earlier
            .filter(earlier.field(deliveries::dossier).eq(deliveries::dossier))
            .filter(earlier.field(deliveries::agency).eq(deliveries::agency))
            .filter(
                earlier
                    .field(deliveries::state)
                    .eq_any($crate::store::under_way::UNDER_WAY),
            )
            .select(diesel::dsl::min(earlier.field(deliveries::event_seq)))
            .single_value()
            .eq(deliveries::event_seq.nullable())
    }};
}
pub(in crate::store) use is_first_of_its_dossier;
