{
  const box = document.currentScript.previousElementSibling;
  const field = box.querySelector("input");
  const { sitekey, action = "submit" } = box.dataset;
  let asking = false;
  let answered = false;
  field.form.addEventListener("submit", (event) => {
    if (answered) {
      answered = false;
      return;
    }
    const api = globalThis.grecaptcha?.enterprise ?? globalThis.grecaptcha;
    // Without the provider's script the form goes as it is, and the server says what is missing.
    if (event.defaultPrevented || !api?.ready) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    const send = (token) => {
      if (!asking) return;
      asking = false;
      answered = true;
      field.value = token ?? "";
      field.form.requestSubmit(event.submitter);
    };
    setTimeout(send, 8000);
    api.ready(() => api.execute(sitekey, { action }).then(send, () => send()));
  });
}
