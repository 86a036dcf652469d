// Validates FHIR R4 resources with the npm package "fhir": one line per file, "valid" or "invalid".
const fs = require("fs");
const { Fhir } = require("fhir");
const fhir = new Fhir();
for (const path of process.argv.slice(2)) {
  const found = fhir.validate(JSON.parse(fs.readFileSync(path, "utf8")), { errorOnUnexpected: true });
  console.log(found.valid ? "valid" : "invalid");
}
