{
  const box = document.currentScript.previousElementSibling;
  const field = box.querySelector("input");
  const { sitekey } = box.dataset;
  const action = box.dataset.action || "submit";
  let turn = 0; // of the question that is open
  let last = 0;
  let sending = false;
  const forget = () => {
    turn = 0;
    field.value = "";
  };
  // A page that is left and returned to has a token that is spent.
  addEventListener("pagehide", forget);
  // Ahead of the page's own listeners: they see the form once, when the field is filled.
  document.addEventListener("submit", (event) => {
    const form = field.form;
    if (event.target !== form || sending) return;
    const api = globalThis.grecaptcha?.enterprise ?? globalThis.grecaptcha;
    // Without the provider's script the form goes as it is, and the server says what is missing.
    if (!api?.ready) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (turn) return;
    const mine = (turn = ++last);
    const send = (token) => {
      if (turn !== mine) return;
      clearTimeout(timer);
      turn = 0;
      field.value = token ?? "";
      const button = event.submitter?.form === form ? event.submitter : null;
      // A form that is just being sent cannot be sent again.
      setTimeout(() => {
        sending = true;
        try {
          form.requestSubmit(button);
        } finally {
          sending = false;
        }
      });
    };
    const timer = setTimeout(send, 8000);
    api.ready(() => {
      Promise.resolve().then(() => api.execute(sitekey, { action })).then(send, () => send());
    });
  }, true);
}
