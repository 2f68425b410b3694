{
  const box = document.currentScript.previousElementSibling;
  const field = box.querySelector("input");
  const form = field.form;
  const { sitekey } = box.dataset;
  const action = box.dataset.action || "submit";
  let turn = 0; // of the question that is open
  let last = 0;
  let sending = false; // a form with its token, just now
  let leaving = false; // for the page that answers it
  const ask = (event) => {
    if (event.target !== form || sending || leaving) return;
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
      // A form that is just being sent cannot be sent again.
      setTimeout(submit, 0, event.submitter?.form === form ? event.submitter : null);
    };
    const timer = setTimeout(send, 8000);
    api.ready(() => {
      Promise.resolve().then(() => api.execute(sitekey, { action })).then(send, () => send());
    });
  };
  const submit = (button) => {
    // Whoever prevents it sends the form by other means, and asks anew for the next time.
    const left = (event) => { leaving = !event.defaultPrevented; };
    sending = true;
    addEventListener("submit", left);
    try {
      form.requestSubmit(button);
    } finally {
      sending = false;
      removeEventListener("submit", left);
    }
    // A second click sends the same token; after this while nobody answered.
    if (leaving) setTimeout(() => { leaving = false; }, 10000);
  };
  const forget = () => {
    turn = 0;
    leaving = false;
    field.value = "";
  };
  if (form.dataset.recaptcha) {
    // One in a form: two fields would say two different things.
    field.remove();
  } else {
    form.dataset.recaptcha = "asks";
    // A page that is left and returned to has a token that is spent.
    addEventListener("pagehide", forget);
    // Ahead of the page's own listeners: they see the form once, when the field is filled.
    document.addEventListener("submit", ask, true);
  }
}
