//! Who pushed, from what the transport left in the environment.

use domain::canonical::Actor;

/// Where a login may come from, and the variable with that person's e-mail address; the first that is set wins.
const LOGINS: [(&str, Option<&str>); 4] = [
    // HTTP servers, `git http-backend`.
    ("REMOTE_USER", None),
    // GitLab's shell; gitolite.
    ("GL_USERNAME", None),
    ("GL_USER", None),
    // Gitea and Forgejo.
    ("GITEA_PUSHER_NAME", Some("GITEA_PUSHER_EMAIL")),
];

/// Whoever pushed: `REMOTE_USER`, `GL_USERNAME` (`GL_USER`), `GITEA_PUSHER_NAME`, over SSH the user logged in as, then
/// git's `user.name` and `user.email`, at last the local user.
///
/// An address is taken only from the source the name came from: `user.email` of the machine is not the address of a
/// person whom the web server authenticated.
pub(crate) fn find(
    variable: &dyn Fn(&str) -> Option<String>,
    config_name: Option<&str>,
    config_email: Option<&str>,
) -> Actor {
    let login = |login: String, email: Option<String>| Actor { login: Some(login), name: None, email };
    for (name, email) in LOGINS {
        if let Some(found) = variable(name) {
            return login(found, email.and_then(variable));
        }
    }
    let local_user = || variable("USER").or_else(|| variable("LOGNAME"));
    if variable("SSH_ORIGINAL_COMMAND").is_some()
        && let Some(user) = local_user()
    {
        return login(user, None);
    }
    if config_name.is_some() || config_email.is_some() {
        return Actor { login: None, name: config_name.map(str::to_owned), email: config_email.map(str::to_owned) };
    }
    login(local_user().unwrap_or_else(|| "git".to_owned()), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], name: Option<&str>, email: Option<&str>) -> (String, Option<String>) {
        let variable =
            |wanted: &str| variables.iter().find(|(key, _)| *key == wanted).map(|(_, value)| (*value).to_owned());
        let actor = find(&variable, name, email);
        (actor.login.or(actor.name).unwrap_or_default(), actor.email)
    }

    #[test]
    fn sources_are_asked_in_the_documented_order() {
        let all = [
            ("REMOTE_USER", "http"),
            ("GL_USERNAME", "gitlab"),
            ("GL_USER", "gitolite"),
            ("GITEA_PUSHER_NAME", "gitea"),
            ("SSH_ORIGINAL_COMMAND", "git-receive-pack 'w.git'"),
            ("USER", "ssh"),
        ];
        let expected = ["http", "gitlab", "gitolite", "gitea", "ssh"];
        for (skipped, login) in expected.iter().enumerate() {
            assert_eq!(found(&all[skipped..], Some("Config"), None).0, *login);
        }
        assert_eq!(found(&[("USER", "local")], Some("Config"), Some("c@x.test")).0, "Config");
        assert_eq!(found(&[("LOGNAME", "local")], None, None).0, "local");
        assert_eq!(found(&[], None, None).0, "git");
    }

    #[test]
    fn an_address_comes_only_from_where_the_name_came_from() {
        assert_eq!(found(&[("REMOTE_USER", "ann")], Some("Config"), Some("c@x.test")).1, None);
        let gitea = [("GITEA_PUSHER_NAME", "ann"), ("GITEA_PUSHER_EMAIL", "ann@x.test")];
        assert_eq!(found(&gitea, None, Some("c@x.test")).1.as_deref(), Some("ann@x.test"));
        assert_eq!(found(&[], Some("Config"), Some("c@x.test")).1.as_deref(), Some("c@x.test"));
    }
}
