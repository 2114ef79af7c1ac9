"""The application that most conversations talk to, on Starlette: accounts, documents, streams, uploads, services.

State lives in the process; each conversation has one of its own. Secrets contain the word of leaks.py.
"""
from starlette.applications import Starlette

from application import (
    accounts, calls, documents, negotiation, pages, planted, retries, services, streams, uploads,
)

app = Starlette(routes=[
    *accounts.routes, *calls.routes, *documents.routes, *negotiation.routes, *pages.routes, *planted.routes,
    *retries.routes, *services.routes, *streams.routes, *uploads.routes,
])
