// A heated tank behind node-opcua's server, with a plant's side of a write as docs/operation.md asks
// for it. node server.js PORT
"use strict";
const zlib = require("zlib");
const { OPCUAServer, Variant, DataType, StatusCodes, VariantArrayType } = require("node-opcua");

const TICK_MS = 200, FRESH = 3, SHED_MS = 10000;
const keys = ["heat_sp", "feed_sp"];
const limits = { heat_sp: [0, 100], feed_sp: [1, 9] };
const inForce = { heat_sp: 40, feed_sp: 5 };
let staged = { ...inForce };
const remote = { heat_sp: true, feed_sp: true };
let temperature = 20, level = 50, bad = false;
let tick = Date.now(), stagedAt = 0, taken = 0, alive = 0;
let owner = "", enabled = true, shed = false, refused = 0, writes = 0;

function crc(values) {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, n) => bytes.writeDoubleLE(value, 8 * n));
  return zlib.crc32(bytes);
}

function commit(at, sum) {
  const here = crc([...keys.map((k) => staged[k]), ...keys.map((k) => inForce[k])]);
  const fresh = tick - at >= 0 && tick - at <= FRESH && at > taken;
  if (!fresh || sum !== here || !enabled || shed) { refused += 1; return; }
  for (const key of keys) if (remote[key]) inForce[key] = staged[key];
  taken = at;
}

function takeBack() {
  shed = true;
  owner = "";
  for (const key of keys) remote[key] = false;
}

function fault(text) {
  if (text === "bad") bad = true;
  else if (text === "disable") enabled = false;
  else if (text === "move") inForce.heat_sp = staged.heat_sp = 33;
  else if (text === "clear") {
    bad = shed = false;
    enabled = true;
    for (const key of keys) remote[key] = true;
  } else return StatusCodes.BadInvalidArgument;
  return StatusCodes.Good;
}

setInterval(() => {
  tick += 1;
  if (tick - stagedAt > FRESH) staged = { ...inForce };
  if (owner && Date.now() - alive > SHED_MS) takeBack();
  temperature += 0.02 * (inForce.heat_sp - temperature) + 0.1 * (Math.random() - 0.5);
  level += 0.01 * (inForce.feed_sp - 5) + 0.1 * (Math.random() - 0.5);
}, TICK_MS);

function int64(number) {
  return [Math.floor(number / 2 ** 32), number % 2 ** 32];
}

function whole([high, low]) {
  return high * 2 ** 32 + low;
}

(async () => {
  const server = new OPCUAServer({ port: Number(process.argv[2]), hostname: "127.0.0.1" });
  await server.initialize();
  const space = server.engine.addressSpace.registerNamespace("urn:example:tank");
  const folder = space.addFolder("ObjectsFolder", { browseName: "Tank" });

  function add(name, dataType, get, set) {
    const arrayType = VariantArrayType.Scalar;
    const value = { get: () => new Variant({ dataType, arrayType, value: get() }) };
    if (set) value.set = (given) => { writes += 1; return set(given.value) || StatusCodes.Good; };
    space.addVariable({ componentOf: folder, browseName: name, nodeId: `s=${name}`, dataType, value,
      minimumSamplingInterval: 100,
      accessLevel: set ? "CurrentRead | CurrentWrite" : "CurrentRead" });
  }

  add("temperature", DataType.Double, () => temperature);
  space.addVariable({ componentOf: folder, browseName: "level", nodeId: "s=level", dataType: DataType.Double,
    minimumSamplingInterval: 100,
    value: { get: () => bad ? StatusCodes.BadSensorFailure : new Variant({ dataType: DataType.Double, value: level }) } });
  for (const key of keys) {
    add(key, DataType.Double, () => inForce[key]);
    add(`remote.${key}`, DataType.Boolean, () => remote[key]);
    add(`staged.${key}`, DataType.Double, () => staged[key], (value) => {
      if (!(value >= limits[key][0] && value <= limits[key][1])) return StatusCodes.BadOutOfRange;
      staged[key] = value;
      stagedAt = tick;
    });
  }
  add("tick", DataType.Int64, () => int64(tick));
  add("taken", DataType.Int64, () => int64(taken));
  add("enabled", DataType.Boolean, () => enabled);
  add("owner", DataType.String, () => owner);
  add("shed", DataType.Boolean, () => shed);
  add("refused", DataType.Int64, () => int64(refused));
  add("writes", DataType.Int64, () => int64(writes));
  add("beat", DataType.String, () => owner, (name) => {
    if (owner === "" || owner === name) { owner = name; alive = Date.now(); }
  });
  add("take_back", DataType.Boolean, () => shed, () => takeBack());
  add("fault", DataType.String, () => "", fault);
  space.addVariable({ componentOf: folder, browseName: "commit", nodeId: "s=commit", dataType: DataType.Int64,
    valueRank: 1, arrayDimensions: [2], accessLevel: "CurrentRead | CurrentWrite", minimumSamplingInterval: 100,
    value: {
      get: () => new Variant({ dataType: DataType.Int64, arrayType: VariantArrayType.Array, value: [[0, 0], [0, 0]] }),
      set: (given) => {
        writes += 1;
        commit(...Array.from(given.value, whole));
        return StatusCodes.Good;
      } } });

  await server.start();
  console.log(`ready ${space.namespaceUri}`);
})();
