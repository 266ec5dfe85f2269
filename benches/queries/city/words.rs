//! The vocabulary of the generated pages, most frequent words first, and the words whose frequency is
//! exact.

use std::sync::LazyLock;

/// Words of traffic, policing and a city's life.
pub static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| WORD_LIST.split_whitespace().collect());

const WORD_LIST: &str = "
    工作 公安 全市 民警 群众 开展 安全 交通 社区 服务 管理 加强 建设 车辆 组织 活动 道路 治安 派出所 推进
    城市 居民 街道 检查 整治 宣传 行动 巡逻 案件 隐患 排查 辖区 企业 学校 纠纷 调解 办理 电动车 驾驶 违法
    行为 处罚 机动车 非机动车 行人 路口 红灯 头盔 酒驾 超速 停车 拥堵 事故 现场 救援 报警 警情 接警 处置 指挥
    中心 大队 中队 支队 分局 市局 部门 单位 领导 会议 部署 要求 落实 责任 制度 机制 方案 措施 重点 问题 情况
    信息 数据 平台 系统 科技 智能 监控 视频 网络 电信 诈骗 防范 反诈 资金 银行 转账 受害 损失 挽回 破获 抓获
    嫌疑人 犯罪 打击 侦查 线索 证据 审查 拘留 逮捕 移送 起诉 法院 检察院 律师 法律 法规 条例 规定 执法 规范
    监督 公开 公正 培训 考核 评比 表彰 先进 模范 荣誉 集体 个人 优秀 党员 干部 队伍 志愿者 义工 老人 儿童 妇女
    学生 家长 教师 医生 护士 医院 诊所 药店 超市 市场 商场 饭店 酒店 宾馆 网吧 影院 公园 广场 车站 地铁 公交
    机场 码头 港口 高速 国道 省道 桥梁 隧道 施工 工地 工程 改造 拆迁 绿化 环境 卫生 垃圾 分类 污水 河道 治理
    水源 空气 噪音 扰民 投诉 举报 热线 窗口 证件 身份证 户籍 居住证 护照 签证 出入境 驾驶证 行驶证 年检 过户
    登记 预约 办结 便民 惠民 减负 增效 创新 改革 试点 经验 推广 示范 枫桥 网格 联动 协作 配合 支持 参与 共建
    共享 平安 和谐 稳定 发展 经济 产业 投资 项目 园区 工厂 车间 仓库 物流 快递 外卖 骑手 司机 乘客 货车 客车
    校车 出租车 网约车 面包车 摩托车 自行车 拖拉机 渣土车 危化品 消防 火灾 灭火 逃生 演练 预案 应急 防汛 台风
    暴雨 积水 抢险 转移 安置 物资 捐款 慰问 走访 座谈 讲座 展览 演出 比赛 运动 健康 体检 疫苗 防疫 口罩 核酸
    隔离 返岗 复工 复产 春运 节日 假期 旅游 景区 游客 民宿 农村 乡镇 村民 田地 水稻 蔬菜 养殖 渔船 海岸 岛屿
    边防 巡查 夜间 凌晨 清晨 傍晚 周末 寒假 暑假 开学 高考 考场 护航 执勤 疏导 劝导 引导 提醒 警示 教育 案例
    手机 电话 短信 微信 微博 直播 新闻 记者 报道 采访 摄影 通讯 记录 统计 同比 下降 上升 增长 减少 比例 数量
    总数 平均 累计 目标 任务 计划 年度 季度 月份 上旬 中旬 下旬 今年 去年 近年 目前 日前 期间 以来 其中 此外
    同时 随后 经过 通过 根据 按照 针对 围绕 结合 依托 利用 采取 实施 完成 实现 提高 提升 改善 优化 完善 健全
    巩固 深化 拓展 延伸 覆盖 确保 保障 维护 保护 守护 关爱 帮助 解决 化解 消除 减轻 降低 控制 遏制 预防
    ";

/// A word that exactly so many of a hundred thousand articles have, wherever their number allows it.
#[derive(Clone, Copy, Debug)]
pub struct Marked {
    pub word: &'static str,
    pub per_100_000: usize,
    /// How its frequency is written.
    pub label: &'static str,
}

/// None shares a character with another or with the vocabulary, so neither words nor pairs of
/// characters elsewhere add to its frequency.
pub const MARKED: [Marked; 5] = [
    marked("葡萄", 50_000, "50 %"),
    marked("玫瑰", 50_000, "50 % (another)"),
    marked("蜻蜓", 5_000, "5 %"),
    marked("琵琶", 100, "0.1 %"),
    marked("骆驼", 1, "0.001 %"),
];

/// Two words that stand side by side in 1 % of the articles, and apart in another 1 %.
pub const PHRASE: [&str; 2] = ["珊瑚", "橄榄"];
pub const PHRASE_PER_100_000: usize = 1_000;

const fn marked(word: &'static str, per_100_000: usize, label: &'static str) -> Marked {
    Marked {
        word,
        per_100_000,
        label,
    }
}

impl Marked {
    pub fn articles(&self, count: usize) -> usize {
        (count * self.per_100_000).div_ceil(100_000)
    }
}

/// The first character of the vocabulary that a marked word has too.
pub fn shared_character() -> Option<char> {
    let words = MARKED.iter().map(|marked| marked.word).chain(PHRASE);
    words.flat_map(str::chars).find(|c| WORD_LIST.contains(*c))
}

pub const SURNAMES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "林", "高", "罗",
];
pub const GIVEN_NAMES: [&str; 30] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "建", "文", "辉", "力", "波",
];
/// Of names of places.
pub const SYLLABLES: [&str; 75] = [
    "江", "海", "山", "桥", "湖", "东", "西", "南", "北", "新", "古", "白", "青", "龙", "凤", "云",
    "石", "林", "长", "安", "宁", "永", "和", "福", "兴", "泰", "丰", "庆", "镇", "甬", "慈", "溪",
    "余", "姚", "象", "鄞", "奉", "化", "洪", "塘", "庄", "段", "浦", "港", "湾", "岭", "岩", "峰",
    "泉", "井", "门", "楼", "阁", "亭", "园", "柳", "梅", "竹", "荷", "桃", "杏", "枫", "松", "柏",
    "星", "月", "日", "春", "秋", "夏", "前", "后", "上", "下", "中",
];
pub const NEWSPAPERS: usize = 400;
pub const METRICS: [(&str, &str); 24] = [
    ("查处酒驾", "起"),
    ("查处闯红灯", "起"),
    ("查处逆向行驶", "起"),
    ("查处未戴头盔", "起"),
    ("查处超速", "起"),
    ("查处违法停车", "起"),
    ("处置警情", "起"),
    ("调解纠纷", "起"),
    ("破获案件", "起"),
    ("抓获嫌疑人", "名"),
    ("出动警力", "人次"),
    ("检查车辆", "辆"),
    ("排查隐患", "处"),
    ("整改隐患", "处"),
    ("走访居民", "户"),
    ("发放资料", "份"),
    ("办理证件", "本"),
    ("挽回损失", "元"),
    ("劝阻转账", "笔"),
    ("护送学生", "名"),
    ("疏导拥堵", "处"),
    ("设立岗亭", "个"),
    ("培训骑手", "名"),
    ("接待群众", "人"),
];
pub const SUBJECTS: [&str; 6] = ["机动车", "非机动车", "行人", "企业", "学生", "居民"];
