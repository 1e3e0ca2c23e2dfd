//! The verbs over HTTP, one file a resource. A handler takes the request apart, calls one verb and puts the answer together;
//! whatever takes thought is in the service.

mod alarms;
mod attachments;
mod batch;
mod deliveries;
mod directory;
mod dossiers;
mod endpoints;
mod events;
mod inbox;
mod matters;
mod overview;
mod refusals;
mod statuses;
mod submissions;
mod subscriptions;
mod tenants;

use super::extract::Authed;
use super::reply::Outcome;
use super::routes::Verb;

/// Does what the row says.
pub(super) async fn act(verb: Verb, authed: Authed) -> Outcome {
    match verb {
        Verb::Submit => submissions::create(authed).await,
        Verb::SubmitBatch => batch::create(authed).await,
        Verb::Refusals => refusals::list(authed).await,
        Verb::Refusal => refusals::read(authed).await,
        Verb::Refused => refusals::submission(authed).await,
        Verb::Dossiers => dossiers::list(authed).await,
        Verb::Dossier => dossiers::read(authed).await,
        Verb::History => dossiers::history(authed).await,
        Verb::Route => dossiers::route(authed).await,
        Verb::Submission => dossiers::submission(authed).await,
        Verb::Receipt => dossiers::receipt(authed).await,
        Verb::Accept => dossiers::accept(authed).await,
        Verb::Refuse => dossiers::refuse(authed).await,
        Verb::Ask => dossiers::ask(authed).await,
        Verb::Recall => dossiers::recall(authed).await,
        Verb::Postpone => dossiers::postpone(authed).await,
        Verb::Correct => dossiers::correct(authed).await,
        Verb::Withdraw => dossiers::withdraw(authed).await,
        Verb::Supplement => dossiers::supplement(authed).await,
        Verb::Change => matters::change(authed).await,
        Verb::AskOpinion => matters::ask_opinion(authed).await,
        Verb::AnswerOpinion => matters::answer_opinion(authed).await,
        Verb::EarlyResult => matters::early_result(authed).await,
        Verb::Lost => matters::lost(authed).await,
        Verb::Paid => matters::paid(authed).await,
        Verb::HandOver => dossiers::hand_over(authed).await,
        Verb::Events => events::list(authed).await,
        Verb::Inbox => inbox::take(authed).await,
        Verb::Settle => inbox::settle(authed).await,
        Verb::Report => statuses::report(authed).await,
        Verb::Overview => overview::read(authed).await,
        Verb::Tenants => tenants::list(authed).await,
        Verb::Tenant => tenants::read(authed).await,
        Verb::RegisterTenants => tenants::register(authed).await,
        Verb::AlterTenant => tenants::alter(authed).await,
        Verb::Stand => tenants::stand(authed).await,
        Verb::Certify => tenants::certify(authed).await,
        Verb::Staff => tenants::staff(authed).await,
        Verb::Point => tenants::point(authed).await,
        Verb::Assign => dossiers::assign(authed).await,
        Verb::DirectoryPlan => directory::plan(authed).await,
        Verb::DirectoryImport => directory::import(authed).await,
        Verb::Audit => tenants::audit(authed).await,
        Verb::Alarms => alarms::list(authed).await,
        Verb::Irregularities => alarms::irregularities(authed).await,
        Verb::IrregularCounts => alarms::irregular_counts(authed).await,
        Verb::Upload => attachments::upload(authed).await,
        Verb::Uploaded => attachments::uploaded(authed).await,
        Verb::Attachments => attachments::list(authed).await,
        Verb::Attachment => attachments::download(authed).await,
        Verb::AttachmentHead => attachments::head(authed).await,
        Verb::Reads => attachments::reads(authed).await,
        Verb::Endpoint => endpoints::read(&authed),
        Verb::SetEndpoint => endpoints::set(authed).await,
        Verb::RemoveEndpoint => endpoints::remove(authed).await,
        Verb::Endpoints => endpoints::list(authed).await,
        Verb::Deliveries => deliveries::list(authed).await,
        Verb::RetryDelivery => deliveries::retry(authed).await,
        Verb::ParkDelivery => deliveries::park(authed).await,
        Verb::ResendDeliveries => deliveries::resend(authed).await,
        Verb::Subscription => subscriptions::read(authed).await,
        Verb::Subscribe => subscriptions::subscribe(authed).await,
        Verb::Unsubscribe => subscriptions::unsubscribe(authed).await,
        Verb::RotateSecret => subscriptions::secret(authed).await,
        Verb::TestSubscription => subscriptions::test(authed).await,
        Verb::RetryNotices => subscriptions::retry(authed).await,
        Verb::NoticeAttempts => subscriptions::attempts(authed).await,
        Verb::Subscribers => subscriptions::subscribers(authed).await,
        Verb::NoticeAttemptsOf => subscriptions::attempts_of(authed).await,
        Verb::RetryNoticesOf => subscriptions::retry_of(authed).await,
    }
}
