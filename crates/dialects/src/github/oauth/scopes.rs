//! Scopes as applications ask for them, and what a person is told about them.

use domain::account::{Scope, Scopes};
use domain::rules::access::{held_of, normalised};

/// Longest `scope` parameter, in bytes.
const MAX_SCOPE: usize = 1_000;

/// What is asked for: names separated by blanks or commas. Names that mean nothing here are passed over; the answer says
/// what was granted (RFC 6749 section 3.3). `None` for a text that is no list of names.
pub(super) fn asked(text: Option<&str>) -> Option<Scopes> {
    let text = text.unwrap_or_default();
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if text.len() > MAX_SCOPE || !text.bytes().all(plain) {
        return None;
    }
    let names = text.split([',', ' ']);
    let known = names.filter_map(|name| Scope::ALL.iter().copied().find(|scope| scope.as_str() == name));
    Some(known.collect())
}

/// What a person can give of it: what the token they signed in with has, without what larger scopes include. The whole
/// installation is never given away on a page.
pub(super) fn offered(asked: Scopes, held: Scopes) -> Scopes {
    let gives = |scope: &Scope| !matches!(scope, Scope::SiteAdmin);
    normalised(held_of(asked.iter().filter(gives).collect(), held))
}

/// What of it the person cannot give.
pub(super) fn withheld(asked: Scopes, offered: Scopes) -> Scopes {
    normalised(asked).iter().filter(|scope| !offered.contains(*scope)).collect()
}

/// As token answers have it: `repo,user`.
pub(super) fn with_commas(scopes: Scopes) -> String {
    scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(",")
}

/// What a scope lets an application do, in words for the person who decides.
pub(super) fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Repo => "Read and change all your repositories, private ones too, and their webhooks",
        Scope::PublicRepo => "Read and change your public repositories and their webhooks",
        Scope::DeleteRepo => "Delete your repositories",
        Scope::AdminRepoHook => "Create, change and delete webhooks of your repositories",
        Scope::WriteRepoHook => "Create and change webhooks of your repositories",
        Scope::ReadRepoHook => "Read and ping webhooks of your repositories",
        Scope::AdminOrgHook => "Create, change and delete its webhooks of organizations you own",
        Scope::AdminOrg => "Manage your organizations and their members",
        Scope::WriteOrg => "Change who belongs to your organizations",
        Scope::ReadOrg => "See who belongs to your organizations",
        Scope::User => "Read and change your profile",
        Scope::ReadUser => "Read your profile",
        Scope::UserEmail => "Read your e-mail addresses",
        Scope::SiteAdmin => "Administer this whole installation",
        Scope::EventsWrite => "Publish events of your repositories and organizations",
        Scope::EventsRead => "Read events and deliveries of your repositories and organizations",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).expect("known")
    }

    #[test]
    fn rfc6749_names_are_split_at_blanks_and_commas_and_unknown_ones_passed_over() {
        for text in ["repo user", "repo,user", "user, repo", "repo%2Cuser repo,user gist", "repo repo_hook repo,user"] {
            assert_eq!(asked(Some(text)), Some(scopes("repo,user")), "{text}");
        }
        assert_eq!(asked(None), Some(Scopes::default()));
        for bad in ["repo\n", "re\"po", "\u{e9}", &"a".repeat(1_001)] {
            assert_eq!(asked(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn nobody_gives_more_than_they_signed_in_with() {
        assert_eq!(offered(scopes("repo,admin:org"), scopes("admin:repo_hook,admin:org")), scopes("admin:org"));
        assert_eq!(offered(scopes("site_admin,user"), Scopes::all()), scopes("user"));
        assert_eq!(offered(scopes("repo,read:repo_hook"), scopes("repo")), scopes("repo"), "it includes the other");
        let wish = scopes("repo,public_repo");
        let less = offered(wish, scopes("public_repo"));
        assert_eq!((less, withheld(wish, less)), (scopes("public_repo"), scopes("repo")));
        assert_eq!(withheld(wish, offered(wish, scopes("repo"))), Scopes::default());
    }
}
