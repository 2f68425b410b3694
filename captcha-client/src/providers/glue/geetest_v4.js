{
  const box = document.currentScript.previousElementSibling;
  const fields = box.querySelectorAll("input");
  addEventListener("load", () => {
    if (!globalThis.initGeetest4) return;
    initGeetest4({ captchaId: box.dataset.captchaId, product: "float", protocol: "https://" }, (captcha) => {
      captcha.appendTo("#geetest-v4");
      captcha.onSuccess(() => {
        const answer = captcha.getValidate() || {};
        for (const field of fields) field.value = answer[field.name] ?? "";
      });
    });
  });
}
