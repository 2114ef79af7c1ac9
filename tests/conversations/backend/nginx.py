"""nginx with static files, compression, basic authentication, ranges, and a WebDAV folder."""
import os
import subprocess

# The files' time decides their ETag and Last-Modified.
MODIFIED = 1767225600


def nginx(folder, port, packages):
    """Writes files and configuration below the folder; returns the command that serves them."""
    root = os.path.join(folder, "files")
    for directory in ("dir", "private", "dav"):
        os.makedirs(os.path.join(root, directory), exist_ok=True)
    files = {
        "index.html": b"<h1>hello</h1>\n" * 100,
        "dir/index.html": b"dir\n",
        "big.txt": b"".join(b"line %d\n" % number for number in range(12000)),
        "bytes.bin": bytes(range(256)),
        "a b.txt": b"space",
        "config.yaml": b"replicas: 3\nimage: app:v1\n",
        "private/x.txt": b"private\n",
    }
    for name, content in files.items():
        path = os.path.join(root, name)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (MODIFIED, MODIFIED))
    password = subprocess.run(["openssl", "passwd", "-apr1", "alice-s3cr3t-password"],
                              check=True, capture_output=True, text=True).stdout
    with open(os.path.join(folder, "passwords"), "w") as file:
        file.write("alice:" + password)
    configuration = os.path.join(folder, "nginx.conf")
    with open(configuration, "w") as file:
        file.write(_configuration(folder, root, port, packages))
    return [os.path.join(packages, "usr/sbin/nginx"), "-p", folder, "-c", configuration]


def _configuration(folder, root, port, packages):
    modules = os.path.join(packages, "usr/lib/nginx/modules")
    # Workers of a process without root keep its user; nginx warns of the line then.
    user = "user root;" if os.getuid() == 0 else ""
    return f"""
load_module {modules}/ngx_http_brotli_filter_module.so;
load_module {modules}/ngx_http_dav_ext_module.so;
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
worker_processes 1;
{user}
events {{}}
http {{
  types {{ text/html html; text/plain txt; application/yaml yaml; }}
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip on;
  gzip_types text/plain;
  gzip_min_length 10;
  brotli on;
  brotli_types text/plain;
  server {{
    listen 127.0.0.1:{port};
    root {root};
    location /private/ {{ auth_basic x; auth_basic_user_file {folder}/passwords; }}
    location /dav/ {{ dav_methods PUT DELETE MKCOL COPY MOVE; dav_ext_methods PROPFIND OPTIONS; }}
  }}
}}
"""
