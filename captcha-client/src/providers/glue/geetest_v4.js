{
  const box = document.currentScript.previousElementSibling;
  const fields = box.querySelectorAll("input");
  const start = () => {
    if (!globalThis.initGeetest4) return;
    initGeetest4({ captchaId: box.dataset.captchaId, product: "float", protocol: "https://" }, (captcha) => {
      captcha.appendTo("#geetest-v4");
      captcha.onSuccess(() => {
        const answer = captcha.getValidate() || {};
        for (const field of fields) field.value = answer[field.name] ?? "";
      });
      // A page that is left and returned to has an answer that is spent.
      addEventListener("pageshow", (event) => {
        if (!event.persisted) return;
        for (const field of fields) field.value = "";
        captcha.reset();
      });
    });
  };
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
}
