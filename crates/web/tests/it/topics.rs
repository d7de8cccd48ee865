//! Topics beside every other surface: `/{owner}/{repo}/events/{event}` looks like many a path.

use axum::http::StatusCode;
use dialects::SurfaceSettings;
use engine::EngineSettings;

use crate::world::World;

#[tokio::test]
async fn topics_shadow_no_path_of_other_surfaces() {
    let world = World::new(EngineSettings::default(), &SurfaceSettings::default()).await;
    assert_eq!(world.get("/air/kite/events/all").await.status, StatusCode::OK);
    let no_topic = world.get("/air/kite/events/none").await;
    assert_eq!((no_topic.status, no_topic.text.as_str()), (StatusCode::NOT_FOUND, "There is no such topic.\n"));

    // Answered as before: by what is there, or by the surface that says that nothing is.
    let theirs = [
        ("/api/v3/events/all", "documentation_url"),
        ("/api/v3/repos/air/kite/events/all", "documentation_url"),
        ("/api/v1/events/all", "error"),
        ("/api/v1/events/7", "error"),
        ("/2.0/repositories/events/all", "error"),
        ("/2.0/x/events/all", "error"),
        ("/rest/api/events/all", "errors"),
        ("/rest/api/1.0/events/all", "errors"),
        ("/bitbucket/rest/events/all", "errors"),
        ("/air/kite/hooks/all", "error"),
        ("/air/kite/events", "error"),
        ("/air/kite/events/all/", "error"),
    ];
    for (path, member) in theirs {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
        assert!(answer.json().get(member).is_some(), "{path}: {answer:?}");
    }
    for path in
        ["/healthz", "/readyz", "/metrics", "/api/v1/events", "/2.0/user", "/rest/api/1.0/application-properties"]
    {
        assert_eq!(world.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(world.call("POST", "/air/kite/events/all", &serde_json::Value::Null).await.status, 405);
}
