/** Plays a switch that answers ARP for hosts: answers every request for an address with one Ethernet address. Usage: arpFabric.ts <port> <address> <mac> */
import { decodeFrame, encodeAnswer } from "../../src/layer2/frame.ts";
import { formatAddress } from "../../src/net/address.ts";
import { parseMac } from "../../src/net/mac.ts";
import { bind, constants, interfaceIndex, pollReadable, receive, send, setSocketOption, socket } from "../../src/shell/sys.ts";

const [port = "", wanted = "", text = ""] = process.argv.slice(2);
const mac = parseMac(text);
const index = interfaceIndex(port);
if (mac === undefined || index === undefined) throw new Error("an Ethernet address, or the port, is missing");
const [everything, ignoreOutgoing] = [0x0003, 23];
const fd = socket(constants.AF_PACKET, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
const address = new Uint8Array(20);
const view = new DataView(address.buffer);
view.setUint16(0, constants.AF_PACKET, true);
view.setUint16(2, everything, false);
view.setInt32(4, index, true);
bind(fd, address);
setSocketOption(fd, constants.SOL_PACKET, ignoreOutgoing, new Uint8Array(Int32Array.of(1).buffer));
process.stdout.write("ready\n");
const buffer = new Uint8Array(2048);
for (;;) {
  pollReadable([fd], -1);
  for (let length = receive(fd, buffer); length !== undefined; length = receive(fd, buffer)) {
    const frame = decodeFrame(buffer.slice(0, length));
    if (!("kind" in frame) || frame.kind !== "question" || formatAddress(frame.target) !== wanted) continue;
    send(fd, encodeAnswer(frame.target, mac, { mac: frame.sender, address: frame.senderAddress }, undefined));
  }
}
