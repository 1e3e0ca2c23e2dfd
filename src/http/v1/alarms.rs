//! What the operator is told of limits, and of rules that were broken.

use crate::domain::view::{AlarmPage, Cursor, IrregularCounts, IrregularityPage};
use crate::http::extract::Authed;
use crate::http::limits::ALARM_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{ALARMS, IRREGULARITIES, PERIOD};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/alarms" "alarms"
        HubRead list, ALARMS, Takes::Nothing => Gives::Json(shape::<AlarmPage>());
        "Thời hạn đã quá, mỗi nguyên nhân một lần" "Read which time limits have passed, each cause once"
    Get "/v1/irregularities" "irregularities"
        HubRead irregularities, IRREGULARITIES, Takes::Nothing => Gives::Json(shape::<IrregularityPage>());
        "Việc đã làm dù trái quy định" "Read what was done although a rule was broken"
    Get "/v1/irregularities/counts" "irregularCounts"
        HubRead irregular_counts, PERIOD, Takes::Nothing => Gives::Json(shape::<IrregularCounts>());
        "Số việc trái quy định theo ngày và cơ quan" "Count broken rules by day, agency and rule"
};

async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let near = query.get("near", "true, false")?.unwrap_or(false);
    let limit = query.number("limit", 1, ALARM_PAGE.0)?.unwrap_or(ALARM_PAGE.1);
    Reply::json(
        &authed
            .hub()
            .limits
            .alarms(authed.access(), after, near, limit)
            .await?,
    )
}

async fn irregularities(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let agency = query.get("agency", "[a-z0-9-]")?;
    let limit = query.number("limit", 1, ALARM_PAGE.0)?.unwrap_or(ALARM_PAGE.1);
    let page = authed
        .hub()
        .irregularities
        .list(authed.access(), after, agency, limit);
    Reply::json(&page.await?)
}

async fn irregular_counts(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let (from, to) = (query.get("from", DAY)?, query.get("to", DAY)?);
    Reply::json(
        &authed
            .hub()
            .irregularities
            .counts(authed.access(), from, to)
            .await?,
    )
}

/// How a day is written.
const DAY: &str = "YYYY-MM-DD";
