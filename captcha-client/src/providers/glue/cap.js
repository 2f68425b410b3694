globalThis.CAP_CSS_NONCE = globalThis.CAP_SCRIPT_NONCE = document.currentScript.nonce;
