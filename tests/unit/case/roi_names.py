# ruff: noqa: RUF001 -- names hold the dashes that people type
"""ROI names as planning systems and clinics write them, by the class that a physicist would give each.

Spelled after conventions of Eclipse, Pinnacle, RayStation, Monaco, MIM and XiO, of TG-263 and of public scripts; one a
line, none of a patient.
"""

NAMES = {
    "GTV": """
        GTV
        gtv
        GTV1
        GTV-1
        GTV_2
        GTV 3
        GTVp
        GTVp_2
        GTVp1
        GTVn
        GTVn2
        GTV_n
        GTV-N
        GTV-T
        GTVT
        GTV_LN
        GTV-LN1
        GTVnd
        GTVnx
        GTVs
        gtv primary
        GTV Primary
        GTV_Prim
        Primary GTV
        GTV nodes
        GTV Node 2
        GTV nodal
        nGTV
        pGTV
        lnGTV
        GTV_CT
        GTV PET
        GTV_PT1
        GTV_MR
        GTV-MRI
        GTV_T1c
        GTV FLAIR
        GTV_FDG
        GTV CT/PET
        GTV_4D
        GTV T50
        GTV_50
        GTV 0%
        GTV_MIP
        GTV_AIP
        GTV_Insp
        GTV_Exh
        GTV_pre
        GTV postop
        GTV_Mass
        GTV_Edema
        GTV_Lung
        GTV-Lung
        GTV lung R
        GTV_RUL
        GTV LLL
        GTV hilum
        GTV chest wall
        GTV_Liver
        GTV brain met 3
        GTV_Tongue
        GTV mediastinum
        GTV RT NECK
        GTV_Larynx
        GTV70
        GTV_7000
        GTV 66 Gy
        GTV60Gy
        GTV_final
        finalGTV
        Final GTV
        MOD1_GTV
        GTV total
        GTV all
        GTVsum
        GTV+N
        GTVp+n
        GTV1+GTV2
        GTV1+2
        GTV_boost
        GTV (primary)
        GTV^1
        GTV.1
        GTV#2
        rx 1: GTV 66 Gy
        SBRT-GTV
        Node-GTV
        Met1 GTV
        GTV Primaire
        GTV primair
        GTV links
        GTV rechts oben
        GTV_Tumor
        GTV Lymphknoten
        GTV gauche
        GTV izquierdo
        GTV肺癌
        左肺GTV
        tumor
        Tumor 1
        Tumor
        Lesion 2
        primary tumor
        Tumeur
        gross tumor volume
        Gross_Tumor
        Gross Tumor Volume
        BTV
        MTV 41
        1,SUV_primair
        PET tumor
        Prostate GTV
        GTV_Prostate
        GTVvol
        GTV1a
        gtv_new
        ГТВ
        ГТВ 1
        GTV опухоль
        Опухоль
        肿瘤
        原发灶
        大体肿瘤区
        大体肿瘤体积
        GTV原发灶
        GTV淋巴结
        肉眼的腫瘍体積
        腫瘍
        原発巣
        종양
        Volumen tumoral macroscópico
        Volumen tumoral grueso
        Tumor primario
        Lesión
        Tumeur primitive
        Volume tumoral macroscopique
        Makroskopisches Tumorvolumen
        Volume tumoral grosseiro
        Volume tumoral macroscópico
        Volume tumorale macroscopico
        GTV primário
        GTV polmone dx
        GTV pulmão
        GTV Lunge
        GТV_1
        ＧＴＶ＿１
    """,
    "CTV": """
        CTV
        ctv
        CTV1
        CTV-1
        CTV_High
        CTV high risk
        CTV_HR
        HR-CTV
        HRCTV
        IR CTV
        CTV LR
        CTV_Low
        CTV low risk
        CTVn
        CTVn1
        CTV-N
        CTVp
        CTVp1_5
        CTVsb
        CTVvas
        CTV_5040
        CTV_7000
        CTV54
        CTV 50.4Gy
        CTV_50p4Gy
        CTV_Boost
        CTV boost
        CTV62 RT NECK
        CTV60 FC
        CTV nodes
        CTV elective
        CTV_Prostate
        CTV prostate+SV
        CTV_Breast_L
        CTV Brust li
        CTV Mamma links
        CTV sein gauche
        CTV_Chestwall
        CTV ThoraxWall
        CTV_IMN
        CTV axilla L2
        CTV pelvis
        CTV_Pelvic
        CTV hals
        CTV_5mm
        CTV 70/35
        MOD1_CTV60
        M1_CTV_5940
        LCTVn
        ICTV
        iCTV
        ICTV54
        CTV_4D
        TBV
        Tumor Bed
        tumour bed
        Tumorbett
        TumorBed_L
        lecho tumoral
        Clinical Target Volume
        Clinical_Target_Vol
        CTV腮
        Breast CTV
        CTV_total
        CTV all
        CTV1+2
        КТВ
        ЦТВ
        临床靶区
        临床靶体积
        臨床標的体積
        Volumen objetivo clínico
        Volumen blanco clínico
        Volume cible anatomoclinique
        Klinisches Zielvolumen
        Volume alvo clínico
        Volume bersaglio clinico
        СTV
    """,
    "ITV": """
        ITV
        itv
        ITV1
        ITV lung
        ITV_Lung
        ITV-LLL
        ITV_MIP
        ITV 4D
        ITVp
        ITV_Primary
        ITV 50Gy
        IGTV
        iGTV
        iGTV_50
        IGTV_MIP
        IGTVp
        IGTV LUL
        ITV_4DCT
        internal target volume
        Internal Target
        ITV final
        ITV SBRT
        ITV 54/3
        ИТВ
        内靶区
        内的標的体積
        Volumen objetivo interno
        Internes Zielvolumen
        Volume alvo interno
        Volume bersaglio interno
    """,
    "PTV": """
        PTV
        ptv
        PTV1
        PTV-1
        PTV 2
        PTV54
        PTV_5400
        PTV_High
        PTV_Low
        PTV_Mid
        PTV_Mid01
        PTV 60 Gy
        PTV60Gy
        PTV_60.0
        PTV_50p4Gy
        PTV_2000x3
        PTV!_5040
        PTV!_5940
        PTV!_6000-05
        PTV-03
        PTV_7000-05
        PTV_7000-5
        PTV_5mm
        PTV 5mm
        PTVp
        PTVn
        PTVnx
        PGTV
        PGTVnx
        PCTV
        PTV_Boost
        PTV boost
        PTV-Boost
        Boost PTV
        PTV_SIB
        PTV total
        PTV ALL 30fx
        PTV_ALL
        PTV70+PTV60
        PTV70+66+60
        MOD1 PTV62/30
        M1_PTV!_5600
        rx 1: H&N PTV 70 Gy
        H&N-PTV
        H&N PTV
        finalPTV
        PTV_final
        PTV_Lung
        PTV-Lung
        PTV lung R
        PTV_Chest_Wall
        PTV RUL SBRT
        PTV_Liver
        PTV prostate bed
        Prostate PTV
        Breast_PTV
        PTV Brust rechts
        PTV linke Lunge
        PTV poumon droit
        PTV pulmon derecho
        PTV long rechts
        PTV nodes
        PTV LN
        PTV (CTV+5mm)
        PTV=ITV+5mm
        PTV_Spine
        PTV C1-C7
        PTV T10
        PTV brain mets
        PTV01
        PTV_01
        PTVs
        sPTV
        PTV_new
        Planning Target Volume
        planning_target_volume
        PTV1_CT2
        PTV high dose
        PTV low dose
        PTV_A
        PTV ax
        ПТВ
        ПТВ_60
        计划靶区
        计划靶体积
        計画標的体積
        Volumen objetivo de planificación
        Volumen de planificación
        Volume cible prévisionnel
        Planungszielvolumen
        Volume alvo de planejamento
        Volume alvo planeado
        Volume bersaglio pianificato
        Volume bersaglio di pianificazione
        PTV Poumon
        РTV 60
        ΡΤV
    """,
    "OTHER": """
        PTV!
        PTV-GTV
        PTV-CTV
        PTV - GTV
        PTV−CTV
        PTVminusGTV
        PTV minus GTV
        PTV_minus_CTV
        PTV less CTV
        PTV ohne CTV
        PTV sans GTV
        PTV sin CTV
        PTV zonder GTV
        CTV minus GTV
        CTV-GTV
        GTVp-GTVn
        PTV60-PTV70
        PTV54 not 60
        PTV minus lung
        PTV without lung
        PTV excl. lung
        GTV no air
        CTV not boost
        GTV NT
        GTV_norm
        GTVring
        GTVring.2-1.2
        CTVring
        ringPTV
        ring PTV
        RING_PTV
        PTVRING
        PTV_Ring1
        Ring_PTV_5mm
        ptvring
        PTV Ring 3cm
        rind PTV
        PTVshell
        PTV_Shell_1cm
        Shell GTV
        PTV Schale
        PTV donut
        halo_PTV
        PTVopt
        PTV_opt
        PTV OPT
        optPTV
        opt PTV
        PTVOPT 66 Gy
        PTV1 OPT AND OPT
        PTV_Optim
        GTV_opt
        CTV_opt1
        PTV60 OPT
        PTV_eval
        PTVeval
        PTV_EVAL
        PTV Eval 5mm
        evalPTV
        PTV_DVH
        PTV_Evaluation
        GTVhelp
        PTV_help
        PTV Hilfe
        Hilfs-PTV
        HilfsPTV
        PTV hulp
        hulp_PTV
        PTV aide
        PTVdummy
        PTV_dummy
        dummy GTV
        GTV+5mm
        GTV + 5 mm
        GTV+5
        GTV+1cm
        GTV+10 mm
        CTV+5mm
        ITV+5mm
        PTV+2cm
        PTV + 20mm
        GTV plus 5mm
        GTVplus5mm
        GTV_exp
        GTV expanded 5mm
        GTV_5mm
        GTV 3mm exp
        PTV_margin
        marg PTV2
        PTV Saum
        PTV crop
        PTV_cropped
        PTV56 cropped
        PTV overlap
        PTV_Lung_overlap
        PTV int Lung overlap
        PTV intersect lung
        PTV inside lung
        PTV wall
        z_PTV
        zPTV
        zPTV_opt
        zGTV
        z_GTV_old
        ZPTV
        _PTV
        _GTV
        z_PTV_All
        zPTV7000+PTV6000
        z_Ring_5600
        z_Avoid_Post
        zRing
        z_Air
        Ext-(PTV-T+5mm)
        Ext-PTV
        External-PTV
        Body-PTV
        BODY - PTV
        Body minus PTV
        Body_PTV
        Körper-PTV
        Korper ohne PTV
        Corps - PTV
        Patient-PTV
        Tissue-PTV
        NT-PTV
        Normal Tissue-PTV
        Normalgewebe-PTV
        NonPTV
        non-GTV
        not PTV
        outside PTV
        avoid PTV
        PTV avoid
        PTV push
        PTV isodose
        PTV_buildup
        PTV PRV
        PTV gradient
        PTV coldspot
        hotspot PTV
        PTV_control
        GTV_copy
        GTV old
        GTV_old2
        PTV delete
        GTV do not use
        PTV draft
        opt chest wall
        opt Lung
        Bladder wall
        Ring 60
        RING AVOID
        Ring
        AVOID 56
        MIDDLE AVOID
        Avoidance
        Shell 2cm
        dummy
        isodose 50
        Dose 95[%]
        Dose 70[Gy]
        CouchSurface
        CouchInterior
        Couch Surface
        Isocenter 6
        ISO
        marker 1
        Fiducial_2
        Bolus
        BOLUS 5mm
        Scar
        Pacemaker
        SpinalCord_PRV05
        Brainstem PRV3
        Density Override
        Lungs avoid
        Lung opt
        Rectum-overlap
        GTV+CTV
        Lung+GTV
        GTV外扩5mm
        PTV环
        GTV anillo
        PTV anel
        PTV anello
        GTV кольцо
        PTV_Ring
        PTV 輪
        GTV+5мм
        GTV + margen 5 mm
        某某-GTV
    """,
    "OAR": """
        Hüftkopf li
        Schlüsselbein
        Gebärmutter
        Lungs-GTV
        Lungs_GTV
        Lungs GTV
        LungsGTV
        LUNGS-GTV
        lungs-gtv
        Lungs - GTV
        Lungs–GTV
        Lungs−PTV
        Lungs-(GTV)
        (Lungs)-(GTV)
        Lungs no GTV
        Lungs_no_GTV
        LungsnoGTV
        Lung ex GTV
        Lung_ex_GTV
        LungexGTV
        Lungs exGTV
        Lungs excl GTV
        Lungs excl. ITV
        Lungs excluding PTV
        Lungs less ITV
        Lungs less GTV
        Lung w/o GTV
        Lungs w/o PTV
        Lungs without GTV
        Lungs minus GTV
        LungsMinusGTV
        LungMinusPTV
        lungsminusgtv
        LUNGSMINUSPTV
        Lungs_minus_ITV
        Lungs not GTV
        Lungs subtract GTV
        Lungs sub GTV
        Lungs outside PTV
        Lungs-CTV
        Lungs-ITV
        Lungs-IGTV
        Lungs-iGTV
        Lungs - PTV
        Lungs_CTV
        Lungs_ITV
        Lungs IGTV
        Lung-GTV
        Lung_GTV
        Lung_R-GTV
        Lung R - GTV
        RIGHT_LUNG-GTV
        LEFT_LUNG-GTV
        Lt Lung-PTV
        Lung_L_GTV
        Total Lung-GTV
        TotalLung-PTV
        Total Lung GTV
        TotalLung_GTV
        Both lungs - GTV
        Both Lungs GTV
        Bilateral lungs-ITV
        Lungs_Total-GTV
        Normal Lung-GTV
        Lunge-GTV
        Lunge ohne GTV
        Lungen-GTV
        Lungen ohne PTV
        Gesamtlunge - GTV
        Longen-GTV
        Longen zonder GTV
        longen min GTV
        Long - GTV
        Poumons-GTV
        Poumons sans GTV
        Poumons hors GTV
        Poumon moins PTV
        Pulmones-GTV
        Pulmones sin GTV
        Pulmon menos GTV
        Polmoni-GTV
        Polmoni senza GTV
        双肺-GTV
        Liver-GTV
        Liver_GTV
        Liver minus GTV
        Liver less ITV
        Leber-GTV
        Leber ohne GTV
        Foie-GTV
        Higado-PTV
        Brain-GTV
        Brain - PTV
        Brain minus PTV
        Gehirn-PTV
        Kidneys-GTV
        Heart-PTV
        Bowel-PTV
        Bowel minus PTV
        Pecherz - PTV
        Cavity_Oral-PTV
        Oral Cavity-PTV
        Bladder-CTV
        Rectum - PTV
        Chest wall-PTV
        Lung
        Lungs
        Lung_L
        Lung R
        Lt Lung
        LUNG_RT
        Lunge li
        linke Lunge
        Poumon D
        Spinal cord
        SpinalCord
        Spinal_Cord
        Cord
        Rückenmark
        Myelon
        Moelle
        Medula espinal
        Heart
        Herz
        Coeur
        Oesophagus
        Ösophagus
        Slokdarm
        Esófago
        Proximal bronchial tree
        Trachea
        Chest wall
        ChestWall_L
        Thoraxwand
        Abdominal wall
        Parotid L
        Parotis links
        Optic Nerve R
        OpticNrv_L
        Optic chiasm
        Chiasma
        Brainstem
        Hirnstamm
        BrainStem
        Brachial Plexus L
        Oral Cavity
        Mandible
        Unterkiefer
        Femoral Head R
        Femur_Head_L
        Bowel Bag
        Dünndarm
        Blase
        Rektum
        Niere re
        Kidney_L
        Cauda Equina
        Great vessels
        Thyroid
        Лёгкое правое
        Легкое левое
        Легкие
        лёгкие - GTV
        Сердце
        Спинной мозг
        Пищевод
        Печень
        Мочевой пузырь
        Прямая кишка
        Кожа
        Головной мозг
        Ствол мозга
        Трахея
        Почка лев
        Почки
        Аорта
        肺
        左肺
        右肺
        全肺-PTV
        心脏
        食管
        气管
        脊髓
        肝
        胃
        膀胱
        直肠
        左肾
        皮肤
        両肺
        両肺-GTV
        心臓
        食道
        気管
        肝臓
        脊髄
        皮膚
        膵臓
        腎臓 左
        直腸
        폐
        왼쪽 폐
        심장
        Pulmón derecho
        Pulmón izq
        Pulmones
        Pulmones - GTV
        Pulmones menos GTV
        Corazón
        Médula
        Hígado
        Vejiga
        Piel
        Poumon droit
        Poumon G
        Poumons - PTV
        Cœur
        Moelle épinière
        Œsophage
        Peau
        Vessie
        Foie
        Tronc cérébral
        Lunge links
        Lunge re
        Lungen ohne GTV
        Speiseröhre
        Haut
        Leber
        Pulmão direito
        Pulmão E
        Pulmões - GTV
        Coração
        Esôfago
        Medula espinhal
        Fígado
        Bexiga
        Pele
        Polmone dx
        Polmone sin
        Polmoni - GTV
        Polmoni meno GTV
        Cuore
        Esofago
        Midollo spinale
        Fegato
        Vescica
        Cute
        Retto
    """,
    "EXTERNAL": """
        BODY
        Body
        External
        EXTERNAL
        Patient
        Skin outline
        Outline
        Körper
        Aussenkontur
        Lichaam
        Contour externe
        Тело
        Контур тела
        体表
        外轮廓
        体輪郭
        体表面
        Cuerpo
        Contorno externo
        Außenkontur
        Corpo
    """,
    "": """
        region_1
        Zygoma
        ROI 4
        TargetVolume
        Box
        NewStructure
        Struct 12
        Volume A
        Activity
        lung tumor
        Kontur 3
        опухоль легкого
        靶区
        Volumen objetivo
        Volume cible
        Zielvolumen
        Volume alvo
        Volume bersaglio
        肺癌
        左肺癌
        lung опухоль
    """,
}


def names():
    """Pairs of name and class; an empty class where the name says nothing."""
    return [(line.strip(), kind) for kind, text in NAMES.items() for line in text.strip().splitlines()]
