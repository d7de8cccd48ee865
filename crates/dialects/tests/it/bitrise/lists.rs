//! Lists, page by page (contract bitrise section 2).

use serde_json::{Value, json};

use super::{Bed, assert_refused, simple};

#[tokio::test]
async fn check_05_pages_of_one_lead_through_the_list_and_the_last_has_no_next() {
    let bed = Bed::new().await;
    let mut made = Vec::new();
    for url in ["a.test", "b.test", "c.test"] {
        made.push(bed.hook(simple(url)).await);
    }
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = bed.get(&format!("{}?limit=1&next={next}", bed.hooks())).await;
        assert_eq!((&page["paging"]["total_item_count"], &page["paging"]["page_item_limit"]), (&json!(3), &json!(1)));
        seen.extend(page["data"].as_array().expect("a list").clone());
        match page["paging"].get("next") {
            Some(Value::String(slug)) => next.clone_from(slug),
            None => break,
            Some(other) => panic!("{other}"),
        }
    }
    assert_eq!(seen, made);
    let whole = bed.get(&bed.hooks()).await;
    assert_eq!(whole, json!({"data": made, "paging": {"total_item_count": 3, "page_item_limit": 50}}));
}

#[tokio::test]
async fn limits_out_of_range_and_unknown_starts_are_refused() {
    let bed = Bed::new().await;
    bed.hook(simple("a.test")).await;
    for limit in ["0", "51", "-1", "x", "1.5", "99999999999999999999"] {
        let answer = bed.call("GET", &format!("{}?limit={limit}", bed.hooks()), Value::Null).await;
        assert_refused(&answer, 400, "limit: must be a number from 1 to 50", limit);
    }
    for next in ["01D72ARNH4KR7KMW3DG3NBKXRK", "x", "%00"] {
        let answer = bed.call("GET", &format!("{}?next={next}", bed.hooks()), Value::Null).await;
        assert_refused(&answer, 400, "next: names no item of this list", next);
    }
    let empty = bed.get(&format!("{}?limit=&next=", bed.hooks())).await;
    assert_eq!(empty["paging"], json!({"total_item_count": 1, "page_item_limit": 50}), "nothing said");
}
