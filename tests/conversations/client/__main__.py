"""python -m client NAME BASE: plays the client's side of a conversation.

An exception is its last line; CONVERSATIONS_TRACE=1 adds the traceback.
"""
import os
import sys

from client import conversations
from client.talk import say

try:
    conversations[sys.argv[1]].play(sys.argv[2])
except Exception as error:  # Whatever it is, it is what the client saw.
    say(f"{type(error).__name__}: {error}"[:300])
    if "CONVERSATIONS_TRACE" in os.environ:
        raise
    sys.exit(1)
