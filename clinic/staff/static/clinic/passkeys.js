// The button for a passkey. Without this file, or in a browser without passkeys, the page offers the other ways alone.
const button = document.getElementById("passkey");
const place = document.getElementById("passkey-place");
const said = document.getElementById("passkey-said");
const missing = document.getElementById("passkey-missing");
const forms = window.allauth?.webauthn?.forms;

if (button && forms && window.PublicKeyCredential && window.isSecureContext) {
  const { kind, options } = button.dataset;
  const ids = { [kind]: "passkey", credential: "passkey-credential" };
  if (kind === "add") ids.passwordless = "passkey-passwordless";
  forms[`${kind}Form`]({ ids, data: options ? JSON.parse(options) : null });
  button.addEventListener("click", () => {
    said.textContent = "";
  });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    said.textContent = said.dataset.failed;
  });
  place.hidden = false;
  if (missing) missing.hidden = true;
}
