// Pulumi's runner of policy packs requires this file, with a compiler of its own for .ts files; Node reads the sources as they are.
module.exports = import("./src/main.ts");
