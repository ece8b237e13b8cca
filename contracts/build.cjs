"use strict";
// Compiles contracts/src with the pinned npm solc. Writes contracts/artifacts, or with --check
// compares them byte for byte and fails on any difference.

const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const SOURCES = path.join(__dirname, "src");
const ARTIFACTS = path.join(__dirname, "artifacts");
const DEPLOYED = [
  "FilecoinPayV1",
  "FilecoinWarmStorageService",
  "FilecoinWarmStorageServiceStateView",
  "MockUSDFC",
  "Multicall3",
  "PDPVerifier",
  "ProviderIdSet",
  "ServiceProviderRegistry",
  "SessionKeyRegistry",
];
const MAX_RUNTIME_BYTES = 24_576; // EIP-170

const SETTINGS = {
  evmVersion: "cancun",
  viaIR: true,
  optimizer: { enabled: true, runs: 200 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
};

function readSources() {
  const names = fs.readdirSync(SOURCES, { recursive: true }).map(String);
  const sources = {};
  for (const name of names.filter((name) => name.endsWith(".sol")).sort()) {
    const unit = name.split(path.sep).join("/");
    sources[unit] = { content: fs.readFileSync(path.join(SOURCES, name), "utf8") };
  }
  return sources;
}

function compile() {
  const input = { language: "Solidity", sources: readSources(), settings: SETTINGS };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors?.length) {
    throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));
  }
  return Object.assign({}, ...Object.values(output.contracts));
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function artifact(name, contract) {
  const runtimeBytes = contract.evm.deployedBytecode.object.length / 2;
  if (runtimeBytes > MAX_RUNTIME_BYTES) {
    throw new Error(`${name}: ${runtimeBytes} bytes of code, at most ${MAX_RUNTIME_BYTES} fit`);
  }
  const content = {
    abi: withoutInternalTypes(contract.abi),
    bytecode: `0x${contract.evm.bytecode.object}`,
    contractName: name,
  };
  return `${JSON.stringify(sorted(content), null, 1)}\n`;
}

function withoutInternalTypes(value) {
  return JSON.parse(
    JSON.stringify(value, (key, inner) => (key === "internalType" ? undefined : inner)),
  );
}

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null;
}

function main() {
  const check = process.argv.includes("--check");
  const contracts = compile();
  fs.mkdirSync(ARTIFACTS, { recursive: true });
  const stale = [];
  for (const name of DEPLOYED) {
    const file = path.join(ARTIFACTS, `${name}.json`);
    const content = artifact(name, contracts[name]);
    if (read(file) === content) continue;
    stale.push(name);
    if (!check) fs.writeFileSync(file, content);
  }
  const verb = check ? "differ from their sources" : "written";
  console.log(stale.length ? `${stale.join(", ")}: ${verb}` : "artifacts match their sources");
  process.exitCode = check && stale.length ? 1 : 0;
}

main();
