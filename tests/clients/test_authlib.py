"""Authlib with requests, as Python programs use it."""

import json
import os
import socket
import subprocess
import unittest
from pathlib import Path

from authlib.integrations.requests_client import OAuth2Session

HERE = Path(__file__).parent
SITE = json.loads(Path(os.environ["COUNTERSIGN_SITE"]).read_text())


def app(kind):
    return next(app for app in SITE["apps"] if app["kind"] == kind)


def approve(user, company, url):
    """A person at a browser; answers the URL with which the browser came back."""
    done = subprocess.run(
        ["node", str(HERE / "approve.mjs"), user, company, url],
        check=True, capture_output=True, text=True, timeout=120,
    )
    return done.stdout.strip()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with OAuth2Session() as session:
            address = SITE["issuer"] + "/.well-known/oauth-authorization-server"
            cls.server = session.request("GET", address, withhold_token=True).json()

    def session(self, kind, **options):
        found = app(kind)
        session = OAuth2Session(
            found["client_id"], found.get("client_secret"),
            revocation_endpoint_auth_method=options.get("token_endpoint_auth_method"), **options,
        )
        self.addCleanup(session.close)
        return session

    def connect(self, kind, user, company, **options):
        redirect = f"http://127.0.0.1:{free_port()}/callback"
        session = self.session(kind, redirect_uri=redirect, scope="customers:readonly", **options)
        verifier = "v" * 20 + os.urandom(24).hex()
        url, state = session.create_authorization_url(
            self.server["authorization_endpoint"], code_verifier=verifier,
        )
        back = approve(user, company, url)
        session.fetch_token(
            self.server["token_endpoint"], authorization_response=back,
            code_verifier=verifier, state=state,
        )
        return session

    def call(self, session):
        return session.get(SITE["api_base"] + "/customers").status_code

    def test_connects_with_pkce_refreshes_and_revokes(self):
        session = self.connect(
            "oauth_public", "viewer", "acme",
            code_challenge_method="S256", token_endpoint_auth_method="none",
        )
        self.assertEqual(session.token["scope"], "customers:readonly")
        self.assertEqual(self.call(session), 200)

        before = dict(session.token)
        session.refresh_token(self.server["token_endpoint"])
        self.assertNotEqual(session.token["refresh_token"], before["refresh_token"])
        self.assertEqual(self.call(session), 200)

        answer = session.revoke_token(
            self.server["revocation_endpoint"], token=session.token["refresh_token"],
            token_type_hint="refresh_token",
        )
        self.assertEqual((answer.status_code, answer.content), (200, b""))
        self.assertEqual(self.call(session), 401)

    def test_connects_with_a_secret(self):
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                session = self.connect(
                    "oauth_confidential", "owner", "acme",
                    code_challenge_method="S256", token_endpoint_auth_method=method,
                )
                self.assertEqual(self.call(session), 200)

    def test_gets_a_token_with_client_credentials_and_introspects_it(self):
        for method in ("client_secret_basic", "client_secret_post"):
            with self.subTest(method):
                session = self.session("api_credentials", token_endpoint_auth_method=method)
                token = session.fetch_token(
                    self.server["token_endpoint"], grant_type="client_credentials",
                )
                self.assertNotIn("refresh_token", token)
                self.assertIsInstance(token["expires_in"], int)
                guard = self.session("resource_server", token_endpoint_auth_method=method)
                answer = guard.introspect_token(
                    self.server["introspection_endpoint"], token=token["access_token"],
                )
                self.assertEqual(answer.status_code, 200)
                self.assertTrue(answer.json()["active"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
