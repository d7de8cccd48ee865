use serde_json::{Value, json};

use crate::bed::{Bed, ROOT, event};

const BINARY: &[(&str, &str)] = &[
    ("ce-specversion", "1.0"),
    ("ce-id", "b-1"),
    ("ce-source", "/repos/acme/widgets"),
    ("ce-type", "github.push"),
    ("content-type", "application/json"),
];

#[tokio::test]
async fn an_accepted_event_is_answered_with_its_ids_and_the_number_of_deliveries() {
    let bed = Bed::acme().await;
    bed.hook("http://receiver.test/").await;
    let data = "{\n  \"ref\": \"refs/heads/main\",  \"n\": 1.50 }";
    let answer = bed.publish("owner-token", BINARY, data).await;
    assert_eq!(answer.status(), 202, "{answer:?}");
    assert_eq!((&answer.json["deliveries"], &answer.json["duplicate"]), (&json!(1), &json!(false)));
    let id = domain::id::EventId(answer.json["id"].as_i64().expect("a number"));
    let outgoing = bed.ports.store.outgoing(id).await.expect("reads").expect("is there");
    assert_eq!(outgoing.messages[0].body, data.as_bytes(), "passed through byte for byte");
    assert_eq!(answer.json["uid"], outgoing.messages[0].uid.to_string());
}

#[tokio::test]
async fn structured_data_is_passed_through_byte_for_byte() {
    let bed = Bed::acme().await;
    bed.hook("http://receiver.test/").await;
    let data = r#"{ "ref":"refs\/heads\/main" , "n" : 1.50 }"#;
    let body = format!(
        r#"{{"data":{data},"type":"github.push","specversion":"1.0","id":"s","source":"https://h.test/repos/acme/widgets"}}"#
    );
    let answer = bed.publish("owner-token", &[("content-type", "application/cloudevents+json")], body).await;
    assert_eq!(answer.status(), 202, "{answer:?}");
    let id = domain::id::EventId(answer.json["id"].as_i64().expect("a number"));
    let stored = bed.ports.store.event(id).await.expect("reads").expect("is there");
    assert_eq!(stored.data, data.as_bytes());
    assert_eq!(stored.source, "/repos/acme/widgets", "kept in its short form");
}

#[tokio::test]
async fn d6_a_repeat_is_a_duplicate_of_the_first_even_with_other_data() {
    let bed = Bed::acme().await;
    bed.hook("http://receiver.test/").await;
    let first = bed.publish_json("owner-token", event("1", "github.push", &json!({"n": 1}))).await;
    for n in [1, 2] {
        let again = bed.publish_json("owner-token", event("1", "github.push", &json!({"n": n}))).await;
        assert_eq!(again.status(), 202);
        assert_eq!(again.json["id"], first.json["id"]);
        assert_eq!(again.json["uid"], first.json["uid"]);
        assert_eq!(again.json["duplicate"], true);
    }
}

#[tokio::test]
async fn a_batch_answers_in_order_and_one_bad_item_sinks_no_other() {
    let bed = Bed::acme().await;
    bed.hook("http://receiver.test/").await;
    let mut events: Vec<Value> = (0..300).map(|n| event(&format!("e{n}"), "github.push", &json!({"n": n}))).collect();
    events[7]["source"] = json!("/repos/acme/nothing");
    events[8].as_object_mut().expect("an object").remove("id");
    events[9] = json!(5);
    events[10] = events[0].clone();
    let batch = Value::from(events);
    let media = [("content-type", "application/cloudevents-batch+json; charset=UTF-8")];
    let answer = bed.publish("owner-token", &media, batch.to_string()).await;
    assert_eq!(answer.status(), 202, "{answer:?}");
    let items = answer.json.as_array().expect("a list");
    assert_eq!(items.len(), 300);
    let fault = |at: usize| (items[at]["status"].clone(), items[at]["error"]["field"].clone());
    assert_eq!(fault(7), (json!(404), json!("source")));
    assert_eq!(fault(8), (json!(422), json!("id")));
    assert_eq!(fault(9), (json!(400), Value::Null));
    assert_eq!((&items[10]["id"], &items[10]["duplicate"]), (&items[0]["id"], &json!(true)));
    let ids: Vec<i64> = (11..300).map(|at| items[at]["id"].as_i64().expect("taken")).collect();
    assert!(ids.is_sorted(), "in the order of the batch");
    assert!((11..300).all(|at| items[at]["status"] == 202 && items[at]["deliveries"] == 1));
    let empty = bed.publish("owner-token", &media, "[]").await;
    assert_eq!((empty.status(), empty.json), (202, json!([])));
}

#[tokio::test]
async fn publishing_takes_the_scope_and_write_permission() {
    let bed = Bed::acme().await;
    bed.token("owner", "reader", "events:read,repo").await;
    let custom = |source: &str| json!({"specversion": "1.0", "id": "1", "source": source, "type": "acme.x", "data": 1});
    let widgets = custom("/repos/acme/widgets");
    assert_eq!(bed.publish_json("reader", widgets.clone()).await.fault(), (403, "forbidden", ""));
    assert_eq!(
        bed.publish_json("ann-token", widgets.clone()).await.fault(),
        (403, "forbidden", "source"),
        "reads only"
    );
    assert_eq!(bed.publish_json("bob-token", widgets.clone()).await.fault(), (403, "forbidden", "source"), "public");
    let hidden = bed.publish_json("bob-token", custom("/repos/acme/secret")).await;
    let absent = bed.publish_json("bob-token", custom("/repos/acme/nothing")).await;
    assert_eq!(hidden.fault(), (404, "not_found", "source"));
    assert_eq!(
        hidden.json.to_string().replace("secret", "nothing"),
        absent.json.to_string(),
        "what is hidden is not to be told from what does not exist"
    );
    let level = json!({"permission": "write"});
    bed.ask("owner-token", "PUT", "/api/v1/repos/acme/secret/collaborators/bob", Some(level)).await;
    assert_eq!(bed.publish_json("bob-token", custom("/repos/acme/secret")).await.status(), 202);
    assert_eq!(bed.publish_json("ann-token", custom("/orgs/acme")).await.status(), 202, "members publish for it");
    assert_eq!(bed.publish_json("bob-token", custom("/orgs/acme")).await.fault(), (403, "forbidden", "source"));
    assert_eq!(bed.publish_json(ROOT, widgets).await.status(), 202);
}

#[tokio::test]
async fn bad_events_are_refused_with_the_field_named() {
    let bed = Bed::acme().await;
    let fault = async |changes: Value| {
        let mut body = event("1", "acme.thing.done", &json!({}));
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let answer = bed.publish_json("owner-token", body).await;
        let (status, _, field) = answer.fault();
        (status, field.to_owned())
    };
    assert_eq!(fault(json!({"id": ""})).await, (422, "id".to_owned()));
    assert_eq!(fault(json!({"id": "x".repeat(1_025)})).await, (422, "id".to_owned()));
    assert_eq!(fault(json!({"subject": "a\nb"})).await, (422, "subject".to_owned()));
    assert_eq!(fault(json!({"time": "noon"})).await, (422, "time".to_owned()));
    assert_eq!(fault(json!({"type": "undotted"})).await, (422, "type".to_owned()));
    assert_eq!(fault(json!({"type": "push"})).await, (422, "data".to_owned()), "an empty push is none");
    assert_eq!(fault(json!({"source": "/repos/acme"})).await, (404, "source".to_owned()));
    assert_eq!(fault(json!({"specversion": "0.3"})).await, (400, "specversion".to_owned()));
    let media = |text| [("content-type", text)];
    let text = bed.publish("owner-token", &media("application/cloudevents+json"), "{").await;
    assert_eq!(text.fault(), (400, "bad_request", ""));
    let text = bed.publish("owner-token", &media("application/cloudevents+json"), &b"\xff"[..]).await;
    assert_eq!(text.fault(), (400, "bad_request", ""));
    let avro = bed.publish("owner-token", &media("application/cloudevents+avro"), "").await;
    assert_eq!(avro.fault(), (415, "unsupported_media_type", ""));
}

#[tokio::test]
async fn custom_events_may_have_other_data_or_none() {
    let bed = Bed::acme().await;
    let base = [("ce-specversion", "1.0"), ("ce-source", "/repos/acme/widgets"), ("ce-type", "acme.thing")];
    let none = [&base[..], &[("ce-id", "none")]].concat();
    assert_eq!(bed.publish("owner-token", &none, "").await.status(), 202);
    let xml = [&base[..], &[("ce-id", "xml"), ("content-type", "text/xml")]].concat();
    let answer = bed.publish("owner-token", &xml, "<a/>").await;
    assert_eq!(answer.status(), 202);
    let shown = bed.get("owner-token", &format!("/api/v1/events/{}", answer.json["id"])).await;
    assert_eq!((&shown.json["data_base64"], &shown.json["datacontenttype"]), (&json!("PGEvPg=="), &json!("text/xml")));
    let bad = [&base[..], &[("ce-id", "bad")]].concat();
    assert_eq!(bed.publish("owner-token", &bad, "<a/>").await.fault(), (422, "invalid", "data"));
}

#[tokio::test]
async fn d7_more_than_25_mib_is_refused_before_it_is_read() {
    let bed = Bed::acme().await;
    let announced = [BINARY, &[("content-length", "26500000")]].concat();
    assert_eq!(bed.publish("owner-token", &announced, "").await.fault(), (413, "too_large", ""));
    let data = 25 * 1024 * 1024 + 1;
    let answer = bed.publish("owner-token", BINARY, vec![b' '; data]).await;
    assert_eq!(answer.fault(), (413, "too_large", "data"), "attributes do not count, data does");
}

#[tokio::test]
async fn d8_the_sixth_hop_is_a_loop() {
    let bed = Bed::acme().await;
    let hops = async |value: &str| {
        let id = format!("hops-{value}");
        let headers = [&[("ce-id", id.as_str()), ("postrider-hops", value)], &[BINARY[0]][..], &BINARY[2..]].concat();
        bed.publish("owner-token", &headers, "{}").await.status()
    };
    assert_eq!(hops("0").await, 202);
    assert_eq!(hops("5").await, 202);
    assert_eq!(hops("6").await, 508);
    assert_eq!(hops("99999999999999999999999").await, 508);
    assert_eq!(hops("-1").await, 400);
    assert_eq!(hops("").await, 400);
}

#[tokio::test]
async fn d7_when_the_store_is_away_nothing_is_accepted_and_the_publisher_is_told_when_to_come_back() {
    let bed = Bed::acme().await;
    bed.ports.store.close().await;
    let one = bed.publish_json("owner-token", event("1", "acme.x", &json!({}))).await;
    assert_eq!(one.fault(), (503, "overloaded", ""));
    assert!(one.headers.contains_key("retry-after"));
    let batch = json!([event("1", "acme.x", &json!({})), event("2", "acme.x", &json!({}))]);
    let media = [("content-type", "application/cloudevents-batch+json")];
    let many = bed.publish("owner-token", &media, batch.to_string()).await;
    assert_eq!(many.fault(), (503, "overloaded", ""), "nothing of it was taken, so the whole of it is refused");
}

#[tokio::test]
async fn events_are_listed_newest_first_for_those_who_may_read_them() {
    let bed = Bed::acme().await;
    for n in 0..5 {
        bed.publish_json("owner-token", event(&format!("e{n}"), "acme.x", &json!({"n": n}))).await;
        let org = json!({"specversion": "1.0", "id": format!("o{n}"), "source": "/orgs/acme", "type": "acme.o"});
        bed.publish_json("owner-token", org).await;
    }
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["ce_id"].as_str().expect("text").to_owned()).collect()
    };
    let first = bed.get("bob-token", "/api/v1/events?source=/repos/acme/widgets&limit=3").await;
    assert_eq!(ids(&first.json), ["e4", "e3", "e2"]);
    let next = first.json["next"].as_str().expect("more");
    let path = format!("/api/v1/events?source=/repos/acme/widgets&limit=3&cursor={next}");
    let second = bed.get("bob-token", &path).await;
    assert_eq!(ids(&second.json), ["e1", "e0"]);
    assert_eq!(second.json.get("next"), None);
    let org = bed.get("ann-token", "/api/v1/events?source=/orgs/acme&limit=2").await;
    assert_eq!(ids(&org.json), ["o4", "o3"]);
    assert!(org.json["next"].is_string());
    assert_eq!(bed.get("bob-token", "/api/v1/events?source=/orgs/acme").await.fault(), (403, "forbidden", "source"));
    assert_eq!(bed.get("ann-token", "/api/v1/events").await.fault(), (403, "forbidden", ""));
    let all = bed.get(ROOT, "/api/v1/events").await;
    let kinds: Vec<&Value> = all.json["items"].as_array().expect("items").iter().map(|item| &item["type"]).collect();
    assert_eq!((kinds.len(), kinds[10]), (11, &json!("organization.member_added")), "that of ann, when she joined");
    let id = first.json["items"][0]["id"].as_i64().expect("a number");
    assert_eq!(bed.get("bob-token", &format!("/api/v1/events/{id}")).await.json["data"], json!({"n": 4}));
    assert_eq!(first.json["items"][0].get("data"), None);
}
