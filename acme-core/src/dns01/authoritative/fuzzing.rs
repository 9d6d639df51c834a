//! What name servers send, for fuzz targets.

use hickory_proto::op::Message;
use hickory_proto::rr::Name;

use super::answer;
use crate::dns01::Answer;

/// Reads a DNS message as the answer to its own question, in every way that answers are read, and returns what it
/// says of TXT records.
pub fn dns_answer(message: &[u8]) -> Option<Answer> {
    let message = Message::from_vec(message).ok()?;
    let name = message.queries.first()?.name().clone();
    let end = answer::end_of_aliases(&message, &name);
    let _ = answer::caa(&message, end);
    let _ = answer::cname(&message, &name);
    let _ = answer::name_servers(&message.answers, &name);
    if let Some(apex) = answer::apex_of(&message, &name) {
        assert!(apex.zone_of(&name), "{apex} is not above {name}");
    }
    if let Some(referral) = answer::referral(&message, &Name::root(), &name) {
        assert!(referral.cut.zone_of(&name), "a referral for {name} to {}", referral.cut);
    }
    Some(answer::txt(Ok(message), &name, true))
}
