/* Two languages of the page. Chinese is what people see first. */

const WORDS = {
  subtitle: ["微信沙盒，页面都是真的", "WeChat sandbox, real pages"],
  guide: ["导览", "Guide"],
  phones: ["手机", "Phones"],
  tour: ["跟着走一遍", "Guided tour"],
  again: ["重新开始", "Start again"],
  trouble: ["制造一点麻烦", "Make some trouble"],
  feed: ["微信接口", "WeChat calls"],
  close: ["关闭", "Close"],
  openOn: ["在{name}的手机上打开", "Open on {name}'s phone"],
  lookAt: ["看{names}的手机", "Look at {names}"],
  allDone: ["走完了：报单、推送、接单、结果、评分。", "Done: report, push, claim, result, rating."],
  tryNext: ["接下来可以：把「微信变慢」或「微信宕机」打开再报一条；在赵先生的手机上发一张失物的照片；在陈经理的手机上打开「更多 → 我的」，再点下面的「管理」，指派、发公告。", "Next: report once more while WeChat is slow or down; post a lost thing on Mr Zhao's phone; assign work and publish a notice on Ms Chen's."],
  slow: ["微信变慢", "WeChat slow"],
  slowHint: ["每次发送都慢 4 秒：页面照样立刻答复，消息稍后到。", "Every send takes 4 s more: pages still answer at once, messages come later."],
  token: ["令牌失效", "Token expired"],
  tokenHint: ["下一次调用会得到 40001：换一次新令牌，重发，一条不丢。", "The next call gets 40001: one refresh, sent again, nothing lost."],
  down: ["微信宕机", "WeChat down"],
  downHint: ["接口全部 502：消息排着队，恢复后自动送达。", "Every call answers 502: messages queue and arrive when it is back."],
  away: ["{name}取关", "{name} unfollows"],
  awayHint: ["推送不到的人会被跳过并记录，别人照常收到。", "Who cannot be reached is skipped and recorded; others still get theirs."],
  calls: ["发出", "Sent"],
  pushes: ["回调", "Callbacks"],
  visits: ["页面", "Pages"],
  quietFeed: ["还没有动静。发一条消息试试。", "Nothing yet. Send a message."],
  wechat: ["微信", "WeChat"],
  search: ["搜索", "Search"],
  scan: ["扫一扫", "Scan"],
  photo: ["照片", "Photo"],
  voice: ["语音", "Voice"],
  place: ["位置", "Location"],
  send: ["发送", "Send"],
  cancel: ["取消", "Cancel"],
  done: ["完成", "Done"],
  typeHere: ["", ""],
  follow: ["关注公众号", "Follow"],
  unfollow: ["不再关注", "Unfollow"],
  notFollowing: ["未关注", "Not following"],
  unfollowed: ["已取消关注", "Unfollowed"],
  album: ["所有照片", "All photos"],
  fromComputer: ["从电脑选一张", "From this computer"],
  codes: ["选一个二维码", "Pick a code"],
  noCodes: ["还没有生成过二维码", "No code was made yet"],
  orType: ["或输入场景值、网址", "Or type a scene or an address"],
  recording: ["正在录音", "Recording"],
  useMicrophone: ["用我的麦克风", "Use my microphone"],
  usingMicrophone: ["正在用麦克风", "Microphone on"],
  details: ["查看详情", "Details"],
  readMore: ["阅读全文", "Read more"],
  muted: ["接收模板消息", "Template messages"],
  snapshot: ["快照页模式", "Snapshot page"],
  ios: ["苹果手机", "iPhone"],
  snapshotBar: ["正在浏览网页快照，内容仅供预览", "Snapshot of the page, for preview only"],
  fullService: ["使用完整服务", "Use full service"],
  reload: ["刷新", "Reload"],
  newTab: ["在新标签页打开", "Open in a new tab"],
  backToChat: ["返回", "Back"],
  menu: ["更多", "More"],
  calling: ["呼叫", "Call"],
  uploading: ["正在上传", "Uploading"],
  micBusy: ["网页正在录音", "The page is recording"],
  profile: ["账号资料", "Profile"],
  message: ["条消息", "messages"],
  inputSwitch: ["键盘", "Keyboard"],
  menuSwitch: ["菜单", "Menu"],
  emptyChat: ["", ""],
};

let language = localStorage.getItem("language") || "zh";

export function t(key, values = {}) {
  const text = (WORDS[key] || [key, key])[language === "en" ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const isEnglish = () => language === "en";

/* What somebody, or what they are, is called in the language of the page. */
export const nameOf = (phone) => (isEnglish() && phone.name_en) || phone.name;
export const roleOf = (phone) => (isEnglish() && phone.role_en) || phone.role;

export function setLanguage(next) {
  language = next;
  localStorage.setItem("language", next);
  document.documentElement.lang = next === "en" ? "en" : "zh-CN";
}

export function translatePage() {
  document.documentElement.lang = isEnglish() ? "en" : "zh-CN";
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
}
