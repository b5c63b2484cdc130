"""Stop words: words so common that they tell documents apart no better than punctuation does."""

from functools import lru_cache
from itertools import product

from textvec._checks import check_choice

# Our own choice of words that jieba cuts out of everyday text. Not among them are words of
# judgement (好, 不错, 差) and of content (房间): reviews and descriptions live by them.
_CHINESE = """
我 你 您 他 她 它 俺 我们 你们 您们 他们 她们 它们 咱们 自己 本人 本身 别人 大家 谁 某 某个 某些
某种 彼此 这 那 哪 这个 那个 这些 那些 这里 那里 哪里 这儿 那儿 哪儿 这边 那边 哪个 哪些 这样
那样 这么 那么 这种 那种 这时 此 此外 该 其 其中 其他 其它 其余 其实 之 每 每个 各 各个 各种 另
另外 一切 所有 任何 什么 怎么 怎样 怎么样 如何 何 为什么 几 几个 多少 多 是否 的 地 得 了 着 过
们 第 所 等 等等 似的 一样 一般 吗 呢 吧 啊 呀 哦 唉 嘛 啦 哈哈 呗 罢了 而已 的话 和 与 及 以及
跟 同 或 或者 还是 并 并且 而 而且 且 又 也 还 但 但是 可 可是 不过 然而 却 只是 虽 虽然 尽管
即使 即便 就算 哪怕 如果 假如 若 要是 倘若 只要 只有 除非 无论 不论 不管 因 因为 由于 所以 因此
因而 于是 从而 以免 既 既然 不但 不仅 不仅仅 何况 甚至 否则 要么 则 就是 即 也就是说 总之 例如
比如 譬如 然后 随后 以后 之后 以前 之前 之间 之外 之中 之下 在 于 从 自 到 向 往 朝 对 对于 关于
给 为 为了 以 按 按照 根据 据 通过 经 经过 由 被 把 将 让 使 使得 叫 比 比起 像 如 除 除了 随着
当 靠 连 作为 是 有 没 没有 不 不是 无 非 未 别 不要 不会 不能 不可 能 能够 会 可以 可能 应 应该
要 需 需要 想 愿意 必须 得以 便 来 去 起来 下来 下去 上来 上去 出来 出去 进来 进去 回来 过来
过去 做 作 成 成为 进行 给予 有些 有点 一些 一点 一下 一直 一定 一起 一边 很 非常 太 最 更 更加
越 越来越 十分 极 极其 挺 相当 比较 较 较为 稍 稍微 尤其 特别 更是 都 全 全部 共 总 总是 只 仅
光 才 刚 刚刚 正 正在 已 已经 曾 曾经 就 马上 立刻 立即 常 常常 经常 往往 通常 有时 再 再次 仍
仍然 依然 还有 还要 从来 始终 永远 突然 逐渐 终于 毕竟 到底 居然 竟然 当然 的确 确实 几乎 大约
大概 左右 上下 差不多 也许 或许 似乎 好像 难道 反正 反而 互相 相互 分别 至少 至多 如此 同时 现在
目前 当时 今后 上 下 里 内 外 中 前 后 间 旁 上面 下面 里面 外面 前面 后面 期间 方面 时候 时 边
一 二 两 三 四 五 六 七 八 九 十 百 千 万 亿 零 半 一个 两个 一种 一次 许多 很多 不少 大多 个 位
种 件 支 条 张 本 次 些 份 名 块 家 座 层 场 点 回 部 台 片 套 双 副 年 月 日
"""
# Of each simplified character above, what stands for it in traditional text.
_TRADITIONAL = """
个個 两兩 与與 万萬 为為爲 么麼 于於 亿億 从從 仅僅 们們 会會 余餘 儿兒 关關 内內 况況 几幾
则則 刚剛 别別 双雙 后後 吗嗎 呗唄 块塊 场場 够夠 实實 对對 将將 尽儘 层層 并並 应應 张張
当當 总總 愿願 据據 无無 时時 极極 来來 条條 样樣 毕畢 没沒 渐漸 点點 现現 着著 确確 种種
约約 终終 经經 给給 罢罷 虽雖 许許 论論 话話 该該 说說 谁誰 边邊 过過 还還 这這 进進 远遠
连連 里裡裏 间間 随隨 难難 须須 马馬 较較 让讓
"""
# jieba, whose dictionary lacks them, cuts all of these but the first, which marks an author, too.
_NOT_TRADITIONAL = (
    *("著", "的話", "後面", "裏面", "然後"),
    *("今後", "馬上", "儘管", "越來越", "也就是說"),
)


def stop_words(language):
    """Return the stop words of a language.

    Parameters
    ----------
    language : {"english", "chinese"}
        For English, scikit-learn's ``ENGLISH_STOP_WORDS`` itself. For Chinese, a list of our own
        for the tokens of ``tokenizer="jieba"``: pronouns, particles, conjunctions, prepositions,
        auxiliaries, common adverbs, numerals and measure words, in simplified and in traditional
        characters.

    Returns
    -------
    frozenset of str
        The words.

    Raises
    ------
    ValueError
        If there is no list for ``language``.

    Examples
    --------
    >>> "的" in stop_words("chinese"), "酒店" in stop_words("chinese")
    (True, False)
    """
    check_choice("language", language, ["english", "chinese"])
    return _english() if language == "english" else _chinese()


def _english():
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS


@lru_cache(maxsize=1)
def _chinese():
    forms = {simplified: rest for simplified, *rest in _TRADITIONAL.split()}
    words = _CHINESE.split()
    traditional = {
        "".join(characters)
        for word in words
        for characters in product(*(forms.get(character, character) for character in word))
    }
    return frozenset(words) | traditional.difference(_NOT_TRADITIONAL)
