"""A gRPC service with a method of each kind, over HTTP/2 without TLS: python -m backend.grpc_service PORT.

Messages are plain bytes: what is checked is how they travel, not what they contain.
"""
import concurrent.futures
import sys

import grpc


def unary(request, context):
    """Answers with the message in capitals; an empty one is an error."""
    if not request:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is empty")
    context.set_trailing_metadata((("x-length", str(len(request))),))
    return request.upper()


def server_stream(request, _):
    """Answers with each byte of the message."""
    for byte in request:
        yield bytes([byte])


def client_stream(requests, _):
    """Answers with all messages, joined."""
    return b"+".join(requests)


def both(requests, _):
    """Answers each message in turn."""
    for request in requests:
        yield request[::-1]


if __name__ == "__main__":
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Words", {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
        "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
        "Both": grpc.stream_stream_rpc_method_handler(both),
    }),))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()
