use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use acme_core::DnsName;
use acme_core::dns01::{Answer, ServerAnswer, TxtRecord};
use url::Url;

use super::plain::Plain;
use super::terminal::{Size, Terminal};
use super::*;

const SIZE: Size = Size { columns: 90, rows: 24 };

fn identifier(name: &str) -> Identifier {
    Identifier::parse(name).unwrap()
}

fn record(value: &str) -> TxtRecord {
    let name = DnsName::parse("_acme-challenge.ws.example").unwrap();
    TxtRecord { name, value: value.to_owned() }
}

fn url() -> Url {
    Url::parse("https://ca.example/1").unwrap()
}

fn appended(name: &str, value: &str) -> Event {
    Event::TxtAppended { identifier: identifier(name), record: record(value) }
}

fn waiting_for_dns() -> Event {
    let server = |n: u8| ServerAnswer {
        server: format!("ns{n}.example"),
        address: SocketAddr::from((Ipv4Addr::new(192, 0, 2, n), 53)),
        answer: Answer::NoTxt,
    };
    Event::WaitingForDns { name: record("").name, missing: vec![server(1), server(2)] }
}

#[test]
fn a_line_for_each_name_says_what_it_waits_for_and_since_when() {
    let begun = Instant::now();
    let at = |seconds| begun + Duration::from_secs(seconds);
    let names = [identifier("ws.example"), identifier("*.ws.example")];
    let mut terminal = Terminal::new(&names, false, begun);
    let order = Event::Order { url: url(), resumed: false, identifiers: names.to_vec() };
    for event in [order, appended("ws.example", "a"), appended("*.ws.example", "b")] {
        terminal.board.apply(&event, at(1));
    }
    terminal.board.apply(&waiting_for_dns(), at(2));
    terminal.board.apply(&Event::Propagated { record: record("b"), servers: 2 }, at(4));
    assert_eq!(
        terminal.lines(at(5), SIZE),
        [
            "waiting for the name servers: 0 of 2 names validated, 5.0 s",
            "  ws.example     3.0 s  waits for ns1.example (192.0.2.1:53): no TXT record and 1 more",
            "  *.ws.example   1.0 s  visible at 2 name servers, waits for the other names",
        ]
    );
    // Hearing the same again does not start the time anew.
    terminal.board.apply(&waiting_for_dns(), at(6));
    assert!(terminal.lines(at(7), SIZE)[1].starts_with("  ws.example     5.0 s  waits for ns1"));

    let validated = Event::Authorized { identifier: identifier("ws.example"), reused: false };
    terminal.board.apply(&validated, at(8));
    assert_eq!(terminal.lines(at(9), SIZE)[1], "  ws.example            validated");
}

#[test]
fn no_more_lines_are_drawn_than_the_terminal_has_and_unfinished_names_come_first() {
    let begun = Instant::now();
    let names: Vec<Identifier> = (0..100).map(|n| identifier(&format!("n{n}.example"))).collect();
    let mut terminal = Terminal::new(&names, false, begun);
    for name in &names[..95] {
        terminal.board.apply(&Event::Authorized { identifier: name.clone(), reused: true }, begun);
    }
    let lines = terminal.lines(begun, Size { columns: 60, rows: 10 });
    assert_eq!(lines.len(), 9);
    assert!(lines[1].starts_with("  n95.example    0 ms  waits for"), "{lines:?}");
    assert_eq!(lines[6], "  n0.example           validated before");
    assert_eq!(lines[8], "  and 93 more");
    assert!(lines.iter().all(|line| line.chars().count() < 60));
}

#[test]
fn a_pipe_gets_a_line_for_each_event_that_is_worth_one() {
    let mut plain = Plain::new(Instant::now());
    let mut said = |event: &Event| plain.text(event);
    assert_eq!(
        said(&appended("*.ws.example", "v")).unwrap(),
        "*.ws.example: created the TXT record _acme-challenge.ws.example"
    );
    assert_eq!(
        said(&waiting_for_dns()).unwrap(),
        "_acme-challenge.ws.example: not visible yet at ns1.example (192.0.2.1:53): no TXT record; \
         ns2.example (192.0.2.2:53): no TXT record"
    );
    assert_eq!(said(&Event::Account { url: url(), created: false }), None);
    let waits = Event::WaitingForCa { identifier: None, next_poll_ms: 500 };
    assert_eq!(said(&waits).unwrap(), "the CA is making the certificate");
    assert_eq!(said(&waits), None, "it is asked often, and said once");
}
