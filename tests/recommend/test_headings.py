"""Which lines begin chapters, and which are sentences that begin alike."""

import pytest

from textvec.recommend.headings import titles_of

HEADINGS = """
第一章：雪夜
第1章雪夜
第一章、雪夜
第两百章 雪夜
正文 第一章 雪夜
附录 陈光蕊赴任逢灾 江流僧复仇报本
《》目录 第一回　灵根育孕源流出
《西游记》 第一回 石猴
《第一章》
第一百廿回
第 1 章
Chapter One
CHAPTER THE FIRST
楔子
序章
序
尾声
番外
番外一 雪夜
番外：雪
卷一 龙城
第一卷
第一卷 龙城 第一章 归来
第一回
第一回　灵根育孕源流出　心性修持大道生
第3节 雪
第一節 雪
第１章　雪
第十二章（上）
【第一章】雪夜
（第一章）
# 第一章 雪夜
## Chapter 1
=== 第一章 ===
*** CHAPTER IV ***
CHAPTER IV
Chapter IV. The Ball
CHAPTER 1. Loomings.
Chapter 3 The Ball
CHAPTER THE TWENTY-FIRST
Chapter Twenty-One
Chapter One Hundred and One
BOOK THE SECOND
Book One
PART III
Volume II
Prologue
EPILOGUE
Epilogue: After
Chap. IV
CHAPTER I.—The Bertolini
第Ⅳ章
第IV章 雪
第二话 雪
第二話
尾聲
終章
後記
外傳
附錄
第兩百章 雪夜
正文第一章
正文：第一章 雪
大结局（上）
第5章上门女婿
第1章我的妹妹
第九章 我来了！
楔子 张天师祈禳瘟疫 洪太尉误走妖魔
第〇一章
第001章 雪
chapter three
CHAPTER THE LAST
☆、第一章 雪
第一章 “鬼”
Appendix A
Act I
第壹章 雪
番外篇（二）
第三十章.雪
最终章
终章 雪
第一部分 起源
第一部
"""
SENTENCES = """
第一章里他说
第一章里他说了很多。
第二章再说
第三回中再说。
第一回合两人打平
第一章节
第一节课他睡着了
第一章是写雪的
第一章，我们说过
第一章的雪
（第一章完）
第一章 完
第一章、第二章都讲雪
第一回见他，是在雪夜。
第二回他又来了！
第一章我还没看呢！
Chapter one was dull.
chapter III of my
Chapter 3, which I wrote
Book one of the tickets.
Part of it
Part I liked
epilogue to the play
Introduction to it
第一
第
chapter
Act now
序是他写的
尾声，他走了
跋山涉水
引子里说
番外的事
第一部电影上映了
第二部手机
第三集团军来了
Section of one
第一回。他走了。
卷一起来
第一章讲的是猴子
He read chapter one
“第一章 雪”
I
IV
第三卷的事
部分
前言不搭后语
后记得他
序幕拉开了
The Prologue of it
第五回他没有来
第一话不投机
"""
WITHOUT_MARKUP = {
    "正文 第一章 雪夜": "第一章 雪夜",
    "正文：第一章 雪": "第一章 雪",
    "正文第一章": "第一章",
    "《》目录 第一回　灵根育孕源流出": "第一回　灵根育孕源流出",
    "《西游记》 第一回 石猴": "第一回 石猴",
    "# 第一章 雪夜": "第一章 雪夜",
    "=== 第一章 ===": "第一章",
    "☆、第一章 雪": "第一章 雪",
    "*** CHAPTER IV ***": "CHAPTER IV",
    "## Chapter 1": "Chapter 1",
}


@pytest.mark.parametrize("line", HEADINGS.strip().splitlines())
def test_headings(line):
    assert titles_of(["", line, "正文。"]) == [None, WITHOUT_MARKUP.get(line, line), None]


@pytest.mark.parametrize("line", SENTENCES.strip().splitlines())
def test_sentences_that_begin_like_headings(line):
    assert titles_of([line]) == [None]


def test_roman_numbers_alone_are_headings_where_they_are_counted():
    assert titles_of(["I", "It rained.", "II.", "V", "C"]) == ["I", None, "II.", "V", "C"]
    assert titles_of(["I", "It rained.", "V"]) == [None, None, None]


@pytest.mark.parametrize("length", [10_000, 1_000_000])
def test_long_lines_are_text(length):
    assert titles_of(
        ["第一章 " + "雪" * length, "第" + "一" * length, "chapter one " * length]
    ) == [
        None,
        None,
        None,
    ]
