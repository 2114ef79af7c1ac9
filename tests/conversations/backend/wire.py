"""Answers given byte by byte, which no web framework sends: python -m backend.wire PORT.

A path has one answer: the pieces that are written, with a pause between two.
"""
import socketserver
import sys
import time

PIECES = {
    "/trailers": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n"
                  b"Content-Type: text/plain\r\n\r\n5\r\nhello\r\n0\r\nX-Checksum: 5d41\r\n\r\n"],
    "/early-hints": [b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    "/latin1": [b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Disposition: attachment; filename=\"\xfc.txt\"\r\n"
                b"Content-Length: 2\r\n\r\nok"],
    "/reason": [b"HTTP/1.1 200 Fine Thanks\r\nContent-Length: 2\r\n\r\nok"],
    "/cookies": [b"HTTP/1.1 200 OK\r\nSet-Cookie: theme=dark; Path=/\r\nSet-Cookie: lang=en; Max-Age=60\r\n"
                 b"Content-Length: 0\r\n\r\n"],
    "/until-close": [b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n", b"to ", b"the end"],
    "/chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n",
                b"3\r\nabc\r\n", b"4\r\ndefg\r\n", b"1\r\nh\r\n0\r\n\r\n"],
    "/case": [b"HTTP/1.1 200 OK\r\nX-MiXeD-CaSe: 1\r\netag: W/\"x\"\r\nContent-Length: 2\r\n\r\nok"],
    "/no-type": [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\x00\x01\xff"],
    "/no-content": [b"HTTP/1.1 204 No Content\r\nX-Left: 3\r\n\r\n"],
    "/reset-content": [b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"],
    "/not-modified": [b"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 2\r\n\r\n"],
    "/odd-status": [b"HTTP/1.1 299 Custom\r\nWarning: 299 - \"deprecated\"\r\nContent-Length: 2\r\n\r\nok"],
    "/http10": [b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold"],
}
PAUSE = 0.15


class Handler(socketserver.StreamRequestHandler):
    """Reads requests off a connection, and writes the pieces of their paths."""

    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            method, target, _ = line.decode("latin-1").split(" ", 2)
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            pieces = PIECES.get(target, [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
            for number, piece in enumerate(pieces):
                if number:
                    time.sleep(PAUSE)
                if method == "HEAD":
                    piece = piece.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                self.wfile.write(piece)
            if b"Connection: close" in pieces[0] or pieces[0].startswith(b"HTTP/1.0"):
                return


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
