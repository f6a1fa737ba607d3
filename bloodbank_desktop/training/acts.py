"""What centre, 献血办, reviewing office and laboratory do in training: each act is a word of `training act WHAT`.

They say what a real one could say, by the declarations; the danger is a training that teaches answers which never come.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.codes import donation_number
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.training import goods
from bloodbank_desktop.training.acting import NOTHING, WRONG, Act, Options, Run, Scene, decimal, do, minute
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.stage import Document, Stage

CENTRE, LABORATORY, HOSPITAL = "训练血站", "训练检验师", "训练医院"
# -- 血站：预订单 ----------------------------------------------------------------------------------------------------


def _accept(scene: Scene) -> dict[str, Any]:
    return {"state": "accepted", "replied_by": CENTRE, **scene.given}


def _full(scene: Scene) -> list[dict[str, Any]]:
    return [_reply(index, "full", one["amount"]) for index, one in _lines(scene)]


def _satisfy(scene: Scene) -> dict[str, Any]:
    missing = [one["component"] for _, one in _lines(scene) if not goods.products(one["component"])]
    if missing:
        words = "、".join(table("component").word(key) for key in dict.fromkeys(missing))
        raise KnownProblem(f"训练血站没有{words}，不能全部满足；请用 order-partly 逐行答复", code=NOTHING)
    return _replied(scene, _full(scene))


def _partly(scene: Scene) -> dict[str, Any]:
    stated = scene.given.pop("line", None)
    if stated is None:
        # Without a word of the trainer: half of the first line, all of the others.
        first, *others = _in_stock(scene)
        half = max(Decimal("0.5"), Decimal(int(first["amount"] or 0)) / 2 // Decimal("0.5") * Decimal("0.5"))
        if first["reply"] == "full":
            first = {**first, "reply": "partly", "amount": half, "remark": "库存紧张，先供部分"}
        return _replied(scene, [first, *others])
    asked = dict(_lines(scene))
    replies = {index: _reply(index, "full", one["amount"]) for index, one in asked.items()}
    for text in stated:
        reply = _stated_line(text)
        index = int(reply["line"])
        if index not in asked:
            raise KnownProblem(f"这张预订单只有 {len(asked)} 行，没有第 {index} 行", code=WRONG)
        if reply["reply"] == "full":
            reply["amount"] = asked[index]["amount"]
        if reply["amount"] is not None and reply["amount"] > asked[index]["amount"]:
            raise KnownProblem(f"第 {index} 行只订了 {asked[index]['amount']}，答复数量不能更多", code=WRONG)
        replies[index] = reply
    return _replied(scene, list(replies.values()))


def _refuse(scene: Scene) -> dict[str, Any]:
    return _replied(scene, [_reply(index, "refused", None) for index, _ in _lines(scene)])


def _answer(scene: Scene) -> dict[str, Any]:
    return _replied(scene, _in_stock(scene))


def _lines(scene: Scene) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(scene.standing.values["order_lines"], start=1))


def _in_stock(scene: Scene) -> list[dict[str, Any]]:
    """The training station has plenty of every component in its dictionary and nothing of the others."""
    replies = []
    for index, one in _lines(scene):
        plenty = goods.PLENTY[goods.unit_of(one["component"])]
        if not goods.products(one["component"]):
            replies.append({**_reply(index, "refused", None), "remark": "本站暂无此品种"})
        elif one["amount"] > plenty:
            replies.append({**_reply(index, "partly", plenty), "remark": "库存紧张，先供部分"})
        else:
            replies.append(_reply(index, "full", one["amount"]))
    return replies


def _reply(line: int, reply: str, amount: Decimal | None) -> dict[str, Any]:
    return {"line": Decimal(line), "reply": reply, "amount": amount}


def _stated_line(text: str) -> dict[str, Any]:
    """Read `1=full`, `2=partly:3`, `3=substituted:2:RBC-S` or `4=refused`."""
    number, _, rest = text.partition("=")
    reply, *more = rest.split(":")
    wanted = {"full": (0, 0), "partly": (1, 1), "substituted": (0, 2), "refused": (0, 0)}.get(reply)
    if wanted is None or not number.isdecimal() or not wanted[0] <= len(more) <= wanted[1]:
        message = f"看不懂“{text}”；请写成 1=full、2=partly:3、3=substituted:2:RBC-S 或 4=refused"
        raise KnownProblem(message, code=WRONG)
    found = _reply(int(number), reply, decimal(more[0]) if more else None)
    return found | ({"substitute": more[1]} if len(more) > 1 else {})


def _replied(scene: Scene, replies: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the lines: what comes is planned for the moment that the hospital asked for."""
    kinds_ = {one["reply"] for one in replies}
    state = "satisfied" if kinds_ == {"full"} else "partly" if kinds_ & {"full", "partly"} else "refused"
    planned = None if state == "refused" else scene.standing.values["planned_at"]
    said = {"state": state, "replies": tuple(replies), "planned_arrival": planned, "replied_by": CENTRE}
    return said | scene.given


def _dispatch(scene: Scene) -> dict[str, Any]:
    """Send what was promised line by line; what was only offered as a substitute has to be ordered first."""
    order, stage = scene.standing, scene.stage
    promised = {int(one["line"]): one for one in order.said.get("replies", ()) if one["reply"] in ("full", "partly")}
    wanted = [
        goods.Wanted(one["component"], one["abo"], one["rhd"], promised[index].get("amount") or one["amount"])
        for index, one in _lines(scene)
        if index in promised
    ]
    bags = goods.bags(stage, wanted)
    if not bags:
        raise KnownProblem(f"预订单 {order.number} 没有答应任何训练血站有的品种，无血可发", code=NOTHING)
    number = stage.number("FX")
    note = {
        "note_no": number,
        "supplier": order.values["supplier"],
        "order_no": order.values["order_no"],
        "dispatched_at": minute(stage),
        "carrier": "训练送血员",
        "bags": tuple(bags),
    }
    scene.make("dispatch_note", note)
    scene.labels = [goods.label(bag) for bag in bags]
    return {"state": "dispatched", "dispatch_note_no": number, **scene.given}


# -- 献血办：审证与计划 ----------------------------------------------------------------------------------------------


def _review_act(what: str, sentence: str, state: str) -> Act:
    """One verdict; what was not passed waits again when the hospital has amended it."""
    lacking = "献血证复印件不清晰，请补充" if state == "not_passed" else None

    def run(scene: Scene) -> dict[str, Any]:
        reviewed = None if state == "reviewing" else minute(scene.stage)
        # What was lacking before is no longer said.
        return {"state": state, "reviewed_at": reviewed, "lacking": lacking, "remark": None, **scene.given}

    states = (None,) if state == "reviewing" else (None, "reviewing")
    fields = ("lacking", "remark") if state == "not_passed" else ("remark",)
    return Act(what, sentence, run, "entitlement_review", states, ("not_passed",), fields)


def _allocate(scene: Scene) -> dict[str, Any]:
    scene.make("donor_plan", {**goods.plan(scene.stage), **scene.given}, {"state": "allocated"})
    return {}


def _use(scene: Scene) -> dict[str, Any]:
    """Half of the share at first, then all that is left, unless the trainer says how much."""
    quota, used = scene.standing.values["quota"], scene.standing.said.get("used") or Decimal(0)
    half = max(Decimal("0.5"), quota / 2 // Decimal("0.5") * Decimal("0.5"))
    amount = decimal(scene.given["amount"]) if "amount" in scene.given else quota - used if used else min(half, quota)
    if not 0 < amount <= quota - used:
        raise KnownProblem(f"这份计划还剩 {quota - used}，不能使用 {amount}", code=WRONG)
    used += amount
    return {"state": "partly_used" if used < quota else "used_up", "used": used, "remaining": quota - used}


def _state(state: str) -> Run:
    return lambda scene: {"state": state, **scene.given}


# -- 中心实验室 ------------------------------------------------------------------------------------------------------


def _receive(scene: Scene) -> dict[str, Any]:
    return {"state": "received", "sample_received_at": minute(scene.stage), "rejection": None}


def _reject(scene: Scene) -> dict[str, Any]:
    return {"state": "rejected", "rejection": "标本溶血，请重新采集", **scene.given}


def _report(scene: Scene) -> dict[str, Any]:
    tests = scene.standing.values["tests"]
    results = {test: goods.usual_result(test) for test in tests}
    for text in scene.given.pop("result", ()):
        test, _, found = text.partition("=")
        if test not in results or not found:
            words = "、".join(tests)
            raise KnownProblem(f"看不懂“{text}”；请写成 检测项目=结果，项目有 {words}", code=WRONG)
        results[test] = found
    return {
        "state": "reported",
        "sample_received_at": scene.standing.said.get("sample_received_at") or minute(scene.stage),
        "results": tuple({"test": test, "result": result} for test, result in results.items()),
        "conclusion": "见各项结果；结果仅供训练",
        "advice": "选择相应抗原阴性且交叉配血相合的红细胞",
        "reported_by": LABORATORY,
        "reviewed_by": "训练审核医师",
        "reported_at": minute(scene.stage),
        **scene.given,
    }


# -- 调拨、反应、召回 ------------------------------------------------------------------------------------------------


def _acknowledge_transfer(scene: Scene) -> dict[str, Any]:
    return {"state": "acknowledged", "acknowledged_at": minute(scene.stage), "acknowledged_by": HOSPITAL} | scene.given


def _acknowledge_reaction(scene: Scene) -> dict[str, Any]:
    return {"state": "acknowledged", "acknowledged_at": minute(scene.stage), **scene.given}


def _recall(scene: Scene) -> dict[str, Any]:
    stage, stated = scene.stage, scene.given.pop("bag", None)
    found = [bag for text in stated for bag in _recalled(stage, text)] if stated else _newest_bags(stage)
    bags = {bag_key(bag): bag for bag in found}
    kept = ("donation_number", "product_code", "split", "component", "abo", "rhd")
    notice = {
        "recall_no": stage.number("ZH"),
        "supplier": "shanghai_blood_center",
        "recalled_at": minute(stage),
        "reason": "献血者后续检测结果待查，请立即停用并等候通知（训练）",
        **scene.given,
        "bags": tuple({key: bag[key] for key in kept} for bag in bags.values()),
    }
    scene.make("recall_notice", notice)
    return {}


def _recalled(stage: Stage, text: str) -> list[Mapping[str, Any]]:
    """The bags of `献血码 [产品码]`, in what was delivered or sent; the label's check character may stand behind it."""
    words = text.split()
    product = words.pop() if len(words) > 1 and len(words[-1]) == len("E6170V00") else ""
    try:
        number = donation_number.validate("".join(words))
    except CodeError as problem:
        raise KnownProblem(f"“{text}”：{problem.message}", code=WRONG) from problem
    holders = stage.brought(number) or list(stage.of_module("dispatch_note"))
    found = [
        bag
        for holder in holders
        for bag in holder.values["bags"]
        if bag["donation_number"] == number and product in ("", bag["product_code"])
    ]
    if not found:
        raise KnownProblem(f"平台不知道血袋 {text}，没有发出或入库的记录，不能召回", code=NOTHING)
    return found


def _newest_bags(stage: Stage) -> list[Mapping[str, Any]]:
    newest = [next(iter(stage.of_module(module)), None) for module in ("stock_in", "dispatch_note")]
    known = sorted((one for one in newest if one is not None), key=lambda one: one.at)
    if not known:
        raise KnownProblem("平台还没有任何血袋，无可召回；请先发血或入库", code=NOTHING)
    return list(known[-1].values["bags"][:2])


# -- the list, and doing one -----------------------------------------------------------------------------------------

_OPEN_ORDER, _SAID = (None, "accepted"), ("planned_arrival", "remark", "replied_by")
_MADE = ("component", "abo", "rhd", "quota", "valid_until", "donor_name", "beneficiary", "relation")
ACTS = {
    act.what: act
    for act in (
        Act("order-accept", "血站受理预订单", _accept, "blood_order", (None,), fields=_SAID),
        Act("order-answer", "血站按训练库存逐行答复预订单", _answer, "blood_order", _OPEN_ORDER, fields=_SAID),
        Act("order-satisfy", "血站全部满足预订单", _satisfy, "blood_order", _OPEN_ORDER, fields=_SAID),
        Act("order-partly", "血站部分满足预订单，--line 逐行说明", _partly, "blood_order", _OPEN_ORDER, fields=_SAID,
            special=("line",)),
        Act("order-refuse", "血站不能满足预订单", _refuse, "blood_order", _OPEN_ORDER, fields=_SAID),
        Act("order-dispatch", "血站发血：开发血单，预订单转为在途", _dispatch, "blood_order", ("satisfied", "partly"),
            fields=("planned_arrival", "remark")),
        _review_act("review-reviewing", "审核机构开始审核用血审证", "reviewing"),
        _review_act("review-pass", "用血审证审核通过", "passed"),
        _review_act("review-pass-directly", "用血审证直接通过", "passed_directly"),
        _review_act("review-not-pass", "用血审证未通过，--lacking 写明缺什么", "not_passed"),
        Act("plan-allocate", "献血办分配一份用血计划（合成献血者，已脱敏）", _allocate, "donor_plan", fields=_MADE,
            makes=True),
        Act("plan-use", "使用已激活的计划，--amount 写明数量", _use, "donor_plan", ("activated", "partly_used"),
            special=("amount",)),
        Act("plan-expire", "计划到期", _state("expired"), "donor_plan",
            (None, "allocated", "activated", "partly_used")),
        Act("plan-take-back", "献血办收回尚未使用的计划", _state("taken_back"), "donor_plan", (None, "allocated")),
        Act("laboratory-receive", "中心实验室接收标本", _receive, "immunohaematology_request", (None,), ("rejected",)),
        Act("laboratory-reject", "中心实验室拒收标本，--rejection 写明原因", _reject, "immunohaematology_request",
            (None, "received"), ("rejected",), fields=("rejection",)),
        Act("laboratory-report", "中心实验室发报告，--result 写明各项结果", _report, "immunohaematology_request",
            ("received", "testing"), fields=("conclusion", "advice", "reported_by", "reviewed_by"),
            special=("result",)),
        Act("transfer-acknowledge", "调入医院确认收到调拨的血袋", _acknowledge_transfer, "other_stock_out", (None,),
            fields=("acknowledged_by",), concerns=lambda standing: standing.values["out_type"] == "transfer"),
        Act("reaction-acknowledge", "平台收悉输血不良反应报告", _acknowledge_reaction, "adverse_reaction", (None,),
            fields=("remark",)),
        Act("recall", "血站召回血袋：--bag 指定，或最近的血袋", _recall, "recall_notice", fields=("reason", "supplier"),
            special=("bag",), makes=True),
    )
}  # fmt: skip


def act(what: str) -> Act:
    """Return an act by its word. Raises KnownProblem "wrong-act" naming the words that exist."""
    found = ACTS.get(what)
    if found is None:
        raise KnownProblem(f"没有“{what}”这个动作；可用：{'、'.join(ACTS)}", code=WRONG)
    return found


def perform(platform: Platform, what: str, options: Options | None = None) -> Document:
    """Do an act and return {"what", "published": changes of the feed, "labels": of the bags that were sent}.

    Raises KnownProblem "nothing-to-act-on" when no record waits for it, "wrong-act" for options that it does not take.
    """
    with platform.stage() as stage:
        return do(stage, act(what), options or {})
