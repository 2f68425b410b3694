{
  const box = document.currentScript.previousElementSibling;
  const field = box.querySelector("input");
  const { sitekey, action = "submit" } = box.dataset;
  let asking = false;
  let answered = false;
  // Ahead of the page's own listeners: they see the form once, when the field is filled.
  document.addEventListener("submit", (event) => {
    if (event.target !== field.form) return;
    if (answered) {
      answered = false;
      return;
    }
    const api = globalThis.grecaptcha?.enterprise ?? globalThis.grecaptcha;
    // Without the provider's script the form goes as it is, and the server says what is missing.
    if (!api?.ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;
    asking = true;
    const send = (token) => {
      if (!asking) return;
      asking = false;
      answered = true;
      field.value = token ?? "";
      // A form that is just being sent cannot be sent again.
      setTimeout(() => field.form.requestSubmit(event.submitter));
    };
    setTimeout(send, 8000);
    api.ready(() => api.execute(sitekey, { action }).then(send, () => send()));
  }, true);
}
