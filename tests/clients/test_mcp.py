"""The Python SDK `mcp` and `fastmcp`: from discovery to a tool call, with nothing but a URL."""

import asyncio
import json
import os
import shlex
import socket
import ssl
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import fastmcp
import httpx2
from fastmcp.client.auth import OAuth
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

HERE = Path(__file__).parent
SITE = json.loads(Path(os.environ["COUNTERSIGN_SITE"]).read_text())
APPROVE = ["node", str(HERE / "approve.mjs")]
TOOLS = ["ping", "list_customers", "list_invoices", "trial_balance", "draft_invoice"]
DRAFT = {
    "customer_id": 1101, "date": "2026-03-01", "deadline": "2026-03-31",
    "lines": [{"product_id": 1001, "quantity": "2"}],
}


def mcp_url(slug):
    return next(one["mcp_url"] for one in SITE["companies"] if one["slug"] == slug)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def approve(*arguments):
    """A person at a browser; answers the URL with which the browser came back."""
    done = await asyncio.create_subprocess_exec(
        *APPROVE, *arguments, stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(done.communicate(), 120)
    if done.returncode:
        raise RuntimeError("nobody approved")
    return printed.decode().strip()


class Memory:
    """What the SDK keeps."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Document:
    """A client's metadata document on loopback, with a certificate that the sandbox trusts."""

    def __init__(self, redirect):
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({
                    "client_id": served.url, "client_name": "Test assistant",
                    "redirect_uris": [redirect], "token_endpoint_auth_method": "none",
                }).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        tls = Path(SITE["ca_file"]).parent
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls / "server.pem", tls / "server-key.pem")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/clients/python.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Assistant:
    """A program with the SDK, and the person who uses it."""

    def __init__(self, user, described=False):
        self.memory = Memory()
        self.visits = []
        self.user = user
        redirect = f"http://127.0.0.1:{free_port()}/callback"
        self.document = Document(redirect) if described else None
        metadata = OAuthClientMetadata(
            client_name="Test assistant", redirect_uris=[redirect],
            token_endpoint_auth_method="none",
        )
        self.auth = OAuthClientProvider(
            mcp_url("acme"), metadata, self.memory,
            redirect_handler=self.visit, callback_handler=self.back,
            client_metadata_url=self.document.url if self.document else None,
        )

    async def visit(self, url):
        self.visits.append(url)

    async def back(self):
        came = await approve(self.user, "acme", self.visits[-1])
        query = {name: values[0] for name, values in parse_qs(urlsplit(came).query).items()}
        return AuthorizationCodeResult(
            code=query["code"], state=query["state"], iss=query["iss"],
        )

    def client(self, mode):
        self.http = httpx2.AsyncClient(auth=self.auth, timeout=60)
        return Client(streamable_http_client(mcp_url("acme"), http_client=self.http), mode=mode)


class Sdk(unittest.IsolatedAsyncioTestCase):
    async def assert_only_for_acme(self, token):
        headers = {
            "authorization": f"Bearer {token}", "accept": "application/json, text/event-stream",
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        async with httpx2.AsyncClient(headers=headers) as http:
            answer = await http.post(mcp_url("bakery"), json=message)
        self.assertEqual(answer.status_code, 401)
        self.assertIn('error="invalid_token"', answer.headers["www-authenticate"])

    async def use(self, client):
        listed = await client.list_tools()
        self.assertEqual([tool.name for tool in listed.tools], TOOLS)
        pong = await client.call_tool("ping", {})
        self.assertEqual(pong.content[0].text, "pong")
        customers = await client.call_tool("list_customers", {"limit": 2})
        self.assertEqual(customers.structured_content["items"][0]["name"], "Harbour Joinery")
        balance = await client.read_resource("ledger://trial_balance")
        self.assertTrue(json.loads(balance.contents[0].text)["items"])

    async def test_goes_from_the_url_to_a_tool_call_in_both_eras(self):
        for mode, user in (("legacy", "owner"), ("auto", "partner")):
            with self.subTest(mode):
                assistant = Assistant(user)
                async with assistant.client(mode) as client:
                    await self.use(client)
                await self.assert_only_for_acme(assistant.memory.tokens.access_token)

    async def test_is_a_client_that_a_document_at_a_url_describes(self):
        assistant = Assistant("viewer", described=True)
        self.addCleanup(assistant.document.close)
        async with assistant.client("auto") as client:
            pong = await client.call_tool("ping", {})
            self.assertEqual(pong.content[0].text, "pong")
        self.assertEqual(assistant.memory.client.client_id, assistant.document.url)

    async def test_asks_the_person_again_for_a_scope_that_a_tool_takes(self):
        assistant = Assistant("junior")
        async with assistant.client("auto") as client:
            await client.call_tool("ping", {})
            self.assertNotIn("customer_invoices:all", assistant.memory.tokens.scope)
            drafted = await client.call_tool("draft_invoice", DRAFT)
            self.assertEqual(drafted.structured_content["status"], "draft")
        self.assertEqual(len(assistant.visits), 2)
        self.assertIn("customer_invoices:all", assistant.memory.tokens.scope)


class FastMcp(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        template = [*APPROVE, "--listening", "viewer", "acme"]
        os.environ["BROWSER"] = f"{shlex.join(template)} %s &"

    async def test_goes_from_the_url_to_a_tool_call(self):
        auth = OAuth(callback_port=free_port(), callback_timeout=60)
        async with fastmcp.Client(mcp_url("acme"), auth=auth) as client:
            tools = [tool.name for tool in await client.list_tools()]
            # The viewer could never allow to draft.
            self.assertEqual(tools, [tool for tool in TOOLS if tool != "draft_invoice"])
            pong = await client.call_tool("ping", {})
            self.assertEqual(pong.content[0].text, "pong")
            customers = await client.call_tool("list_customers", {"limit": 2})
            self.assertEqual(customers.structured_content["items"][0]["name"], "Harbour Joinery")


if __name__ == "__main__":
    unittest.main(verbosity=2)
