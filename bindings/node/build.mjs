#!/usr/bin/env node
// Packs the npm packages: bindings/node/build.mjs DIRECTORY [PLATFORM=BINARY..]
//
// There is the package `standin`, and for each platform (such as linux-x64) a package `@standin/PLATFORM` that carries
// the program; the former names them as optional dependencies, of which npm installs the one for the system. Without
// a platform it packs STANDIN, or the release build, for this system. Binaries are copied, nothing is downloaded.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const repo = path.resolve(here, "../..");
const [directory = path.join(repo, "target/bindings/dist"), ...given] = process.argv.slice(2);
const own = process.env.STANDIN ?? path.join(repo, "target/release/standin");
const platforms = given.length > 0 ? given : [`${process.platform}-${process.arch}=${own}`];

execFileSync(path.join(here, "../version"), ["--check"], { stdio: "inherit" });
const main = JSON.parse(readFileSync(path.join(here, "package.json"), "utf8"));
const { version, license } = main;
const dist = path.resolve(directory);
const staged = path.join(dist, "npm");
rmSync(staged, { recursive: true, force: true });

function pack(folder, description) {
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", dist], { cwd: folder, stdio: "inherit" });
}

main.optionalDependencies = {};
for (const platform of platforms) {
  const [, name, os, cpu, binary] = /^((\w+)-(\w+))=(.+)$/.exec(platform) ?? [];
  if (!name) throw new Error(`${platform}: use PLATFORM=BINARY, such as linux-x64=target/release/standin`);
  const program = os === "win32" ? "standin.exe" : "standin";
  const folder = path.join(staged, name);
  mkdirSync(path.join(folder, "bin"), { recursive: true });
  copyFileSync(binary, path.join(folder, "bin", program));
  chmodSync(path.join(folder, "bin", program), 0o755);
  // A binary that is linked with glibc does not run with musl.
  const needsGlibc = os === "linux" && readFileSync(binary).includes("GLIBC_2.");
  pack(folder, {
    name: `@standin/${name}`,
    version,
    description: `The program standin for ${name}.`,
    license,
    os: [os],
    cpu: [cpu],
    ...(needsGlibc ? { libc: ["glibc"] } : {}),
    files: ["bin"],
    bin: { standin: `bin/${program}` },
  });
  main.optionalDependencies[`@standin/${name}`] = version;
}

const folder = path.join(staged, "standin");
mkdirSync(folder, { recursive: true });
cpSync(path.join(here, "src"), path.join(folder, "src"), { recursive: true });
copyFileSync(path.join(here, "README.md"), path.join(folder, "README.md"));
pack(folder, main);
