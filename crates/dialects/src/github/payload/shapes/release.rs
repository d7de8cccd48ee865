//! `release`.

use domain::canonical::{Actor, Asset, ReleaseEvent};
use serde::Serialize;

use super::super::Stage;
use super::{User, node_id, path, segment};

/// A release object.
#[derive(Serialize)]
pub(in super::super) struct ReleaseObject<'a> {
    url: String,
    assets_url: String,
    upload_url: String,
    html_url: String,
    id: u64,
    node_id: String,
    tag_name: &'a str,
    target_commitish: &'a str,
    name: &'a str,
    draft: bool,
    author: User<'a>,
    prerelease: bool,
    created_at: String,
    published_at: Option<String>,
    assets: Vec<AssetObject<'a>>,
    tarball_url: String,
    zipball_url: String,
    body: &'a str,
}

impl<'a> ReleaseObject<'a> {
    /// `published`: it is, whatever the publisher says of drafts and dates.
    pub(in super::super) fn of(event: &'a ReleaseEvent, published: bool, stage: &Stage<'a>) -> Self {
        let release = &event.release;
        let (api, page, tag) = (stage.api(), stage.page(), path(&release.tag));
        let url = format!("{api}/releases/{}", release.id);
        let published_at = release.published_at.or(published.then_some(stage.occurred_at));
        let author = release.author.as_ref().unwrap_or(&event.actor);
        let assets = release.assets.iter();
        Self {
            assets_url: format!("{url}/assets"),
            upload_url: format!("{url}/assets{{?name,label}}"),
            html_url: format!("{page}/releases/tag/{tag}"),
            id: release.id,
            node_id: node_id("Release", release.id),
            tag_name: &release.tag,
            target_commitish: release.target.as_deref().unwrap_or(&stage.row.default_branch),
            name: release.name.as_deref().unwrap_or(&release.tag),
            draft: release.draft && !published,
            author: stage.user(author),
            prerelease: release.prerelease,
            created_at: release.created_at.rfc3339_seconds(),
            published_at: published_at.map(domain::time::Timestamp::rfc3339_seconds),
            assets: assets.map(|asset| AssetObject::of(asset, author, &release.tag, stage)).collect(),
            tarball_url: format!("{api}/tarball/{tag}"),
            zipball_url: format!("{api}/zipball/{tag}"),
            body: release.body.as_deref().unwrap_or_default(),
            url,
        }
    }
}

#[derive(Serialize)]
struct AssetObject<'a> {
    url: String,
    browser_download_url: String,
    id: u64,
    node_id: String,
    name: &'a str,
    label: Option<&'a str>,
    state: &'static str,
    content_type: &'a str,
    size: u64,
    download_count: u64,
    created_at: String,
    updated_at: String,
    uploader: User<'a>,
}

impl<'a> AssetObject<'a> {
    fn of(asset: &'a Asset, author: &Actor, tag: &str, stage: &Stage<'a>) -> Self {
        let file = segment(&asset.name);
        let created_at = asset.created_at.rfc3339_seconds();
        Self {
            url: format!("{}/releases/assets/{}", stage.api(), asset.id),
            browser_download_url: format!("{}/releases/download/{}/{file}", stage.page(), path(tag)),
            id: asset.id,
            node_id: node_id("ReleaseAsset", asset.id),
            name: &asset.name,
            label: asset.label.as_deref(),
            state: "uploaded",
            content_type: &asset.content_type,
            size: asset.size,
            download_count: asset.downloads,
            updated_at: created_at.clone(),
            created_at,
            uploader: stage.user(author),
        }
    }
}
