"""OAuth with Authlib: a client that is made for no vendor in particular, with PKCE and the server's metadata."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

CALLBACK = "https://ferry.test/callback"


@pytest.fixture(scope="module")
def app(server):
    """An application of acme's."""
    wish = {"owner": "acme", "name": "Ferry", "redirect_uris": [CALLBACK], "device_flow": True}
    return server.v1("POST", "/oauth-apps", wish)


@pytest.fixture(scope="module")
def metadata(server):
    """What the server says of itself (RFC 8414)."""
    return httpx.get(f"{server.url}/.well-known/oauth-authorization-server", trust_env=False).json()


def hidden_fields(page: str) -> dict:
    """The hidden fields of a page's first form."""
    form = page.split("<form", 1)[1].split("</form>", 1)[0]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in pairs}


@pytest.fixture
def alice(server):
    """alice's browser, signed in."""
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        fields = hidden_fields(browser.get("/login").text)
        answer = browser.post("/login", data={**fields, "token": server.token})
        assert answer.status_code == 303, answer.text
        yield browser


def decide(browser, url: str, authorize: str = "1") -> str:
    """Presses a button of the consent page, if there is a question; where the browser is sent then."""
    page = browser.get(url)
    if page.status_code == 303:
        return page.headers["location"]
    answer = browser.post("/login/oauth/authorize", data={**hidden_fields(page.text), "authorize": authorize})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def client(app, method: str = "client_secret_basic", **more) -> OAuth2Client:
    """Authlib's client for the application."""
    return OAuth2Client(
        app["client_id"],
        app["client_secret"],
        token_endpoint_auth_method=method,
        redirect_uri=CALLBACK,
        trust_env=False,
        **more,
    )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_code_flow_with_pkce(server, app, metadata, alice, method):
    verifier = generate_token(48)
    with client(app, method, scope="repo read:repo_hook", code_challenge_method="S256") as oauth:
        url, state = oauth.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
        back = decide(alice, url)
        query = parse_qs(urlsplit(back).query)
        assert query["state"] == [state]
        assert query["iss"] == [metadata["issuer"]]
        token = oauth.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )
        assert token["token_type"] == "bearer"
        assert token["scope"] == "repo", "which includes the other one"
        assert oauth.get(f"{server.url}/api/v3/user").json()["login"] == "alice"


def test_a_code_without_its_verifier_is_worth_nothing(app, metadata, alice):
    verifier = generate_token(48)
    with client(app, scope="repo", code_challenge_method="S256") as oauth:
        url, state = oauth.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
        back = decide(alice, url)
        with pytest.raises(OAuthError, match="bad_verification_code"):
            oauth.fetch_token(metadata["token_endpoint"], authorization_response=back, state=state)


def test_a_refusal_reaches_the_application(app, metadata, alice):
    with client(app, scope="user") as oauth:
        url, state = oauth.create_authorization_url(metadata["authorization_endpoint"], prompt="consent")
        query = parse_qs(urlsplit(decide(alice, url, "0")).query)
        assert (query["error"], query["state"], query["iss"]) == (["access_denied"], [state], [metadata["issuer"]])


def test_the_device_flow(server, app, metadata, alice):
    wish = {"client_id": app["client_id"], "scope": "repo"}
    headers = {"Accept": "application/json"}
    endpoint = metadata["device_authorization_endpoint"]
    device = httpx.post(endpoint, data=wish, headers=headers, trust_env=False).json()
    page = alice.get(urlsplit(device["verification_uri"]).path)
    page = alice.post("/login/device", data={**hidden_fields(page.text), "user_code": device["user_code"].lower()})
    page = alice.post("/login/device", data={**hidden_fields(page.text), "authorize": "1"})
    assert "Your device is connected" in page.text
    with client(app) as oauth:
        token = oauth.fetch_token(
            metadata["token_endpoint"],
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=device["device_code"],
        )
        assert token["scope"] == "repo"
        assert oauth.get(f"{server.url}/api/v3/user").json()["login"] == "alice"
