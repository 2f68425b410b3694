{
  const meta = document.createElement("meta");
  meta.name = "csp-nonce";
  meta.content = document.currentScript.nonce;
  document.head.append(meta);
}
