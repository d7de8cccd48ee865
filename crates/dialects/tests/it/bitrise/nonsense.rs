//! What no client should send to apps and builds: never a fault of the server, and nothing changes.

use domain::flow::builds;
use serde_json::{Value, json};
use testkit::a_build;

use super::Bed;
use crate::nonsense::{NO_IDS, NO_OBJECTS, not_json, too_much, values};
use crate::world::request;

#[tokio::test]
async fn h3_bodies_of_apps_and_builds_that_are_no_objects_are_refused() {
    let bed = Bed::new().await;
    let build = a_build(bed.app.id, "b1");
    builds::start(&bed.world.ports, vec![build.clone()], Vec::new()).await.expect("started");
    let app = format!("/v0.1/apps/{}", bed.app.uid);
    let paths = [
        "/v0.1/apps/register".to_owned(),
        format!("{app}/finish"),
        format!("{app}/bitrise.yml"),
        format!("{app}/builds/{}/abort", build.uid),
    ];
    for text in not_json().into_iter().chain(NO_OBJECTS.map(|text| text.as_bytes().to_vec())) {
        for path in &paths {
            let answer = bed.world.send(request(&bed.world.token, "POST", path, text.clone())).await;
            assert_eq!(answer.status, 400, "{path} {}", String::from_utf8_lossy(&text[..text.len().min(40)]));
        }
    }
    let big = bed.world.send(request(&bed.world.token, "POST", &paths[0], too_much())).await;
    assert_eq!((big.status.as_u16(), big.json()["error_msg"].is_string()), (413, true));
    let shown = bed.get(&format!("{app}/builds/{}", build.uid)).await;
    assert_eq!(shown["data"]["status"], 0, "still in progress");
    assert_eq!(bed.world.ports.directory().ci_apps().len(), 1);
}

#[tokio::test]
async fn members_of_apps_and_builds_take_what_they_should_and_refuse_the_rest() {
    let bed = Bed::new().await;
    let app = format!("/v0.1/apps/{}", bed.app.uid);
    let named = [
        (
            "/v0.1/apps/register".to_owned(),
            json!({"repo_url": "https://github.com/a/b", "is_public": false}),
            vec![
                "repo_url",
                "is_public",
                "provider",
                "organization_slug",
                "title",
                "default_branch_name",
                "manual_approval_enabled",
                "type",
            ],
        ),
        (format!("{app}/finish"), json!({}), vec!["project_type", "config", "envs", "stack_id"]),
        (format!("{app}/bitrise.yml"), json!({}), vec!["app_config_datastore_yaml"]),
    ];
    for (path, good, members) in named {
        for member in members {
            for value in values() {
                let mut body = good.clone();
                body[member] = value.clone();
                let answer = bed.call("POST", &path, body).await;
                assert!(matches!(answer.status.as_u16(), 200 | 400 | 422), "{path} {member}: {value}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn slugs_that_are_none_name_nothing() {
    let bed = Bed::new().await;
    let app = format!("/v0.1/apps/{}", bed.app.uid);
    for bad in NO_IDS {
        for path in [
            format!("/v0.1/apps/{bad}"),
            format!("/v0.1/apps/{bad}/builds"),
            format!("{app}/builds/{bad}"),
            format!("{app}/builds/{bad}/log"),
            format!("{app}/pipelines/{bad}"),
            format!("/v0.1/organizations/{bad}"),
            format!("/v0.1/users/{bad}/apps"),
        ] {
            assert_eq!(bed.call("GET", &path, Value::Null).await.status, 404, "{path}");
        }
    }
}
